/** `TryLater`, the error with which a task ends its attempt and begins again after a delay. */

import { UsageError } from '../errors.ts'
import { formatValue } from '../model/arguments.ts'
import { tryLaterMs } from '../model/time/later-delay.ts'

/** Options of `TryLater`. */
export interface TryLaterOptions extends ErrorOptions {
  /** A limit of the task, or its name. Its slots for the task's value of `per` are closed for the delay. */
  readonly limit?: string | { readonly name: string } | undefined
}

/**
 * Ends the attempt of a task, which begins again after a delay: `throw new TryLater('30s', { limit: crm })`. The
 * attempt is not one of those that `retry` limits, and not a failure. `onFailure` is not called. A task can do this at
 * most 100 times (setting `limits.try-later`), then it fails. In a trigger, it is an error like any other.
 *
 * `delay`: a duration such as `30s`, seconds as a number or as text of digits, or an HTTP date: a value of the header
 * `Retry-After`. A date in the past means no delay. At most 30 days. Other values throw a `UsageError`.
 */
export class TryLater extends Error {
  override readonly name: string = 'TryLater'
  readonly delayMs: number
  /** Name of the limit that is closed for the delay, or null. */
  readonly limit: string | null

  constructor(delay: string | number, { limit, ...options }: TryLaterOptions = {}) {
    const delayMs = tryLaterMs(delay, Date.now())
    if (typeof delayMs !== 'number') throw refusal(`its delay must not be ${formatValue(delay)}: ${delayMs.reason}`)
    const name = limit === undefined ? null : nameOf(limit)
    super(
      `try again in ${delayMs / 1_000} s${name === null ? '' : `, and limit "${name}" is closed until then`}`,
      options,
    )
    this.delayMs = delayMs
    this.limit = name
  }
}

function nameOf(limit: unknown): string {
  const name = typeof limit === 'object' && limit !== null && 'name' in limit ? limit.name : limit
  if (typeof name === 'string' && name !== '') return name
  throw refusal(`its limit must not be ${formatValue(limit)}: expected a limit or its name`)
}

function refusal(reason: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', `TryLater cannot be created: ${reason}.`)
}
