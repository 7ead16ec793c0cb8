/** What a trigger's function says: `fire` starts the workflow, `skip` does not. */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'

/** Characters of a reason. It is kept with every run of skips. */
const LONGEST_REASON = 500

// Shared by all copies of this package in a process: that of a script is not always that of the runner.
const ANSWER = Symbol.for('cloaca.answer')

/** Answer made by `fire`: the trigger starts its workflow. */
export interface Fire<Context> {
  /** Marks an answer made by `fire`. */
  readonly kind: 'fire'
  /** Initial context of the execution. Undefined if there is none. */
  readonly context: Context | undefined
}

/** Answer made by `skip`: the trigger does not start its workflow. */
export interface Skip {
  /** Marks an answer made by `skip`. */
  readonly kind: 'skip'
  /** Reason for the history. Undefined if none was given. */
  readonly reason: string | undefined
}

/**
 * Returns the answer that starts the workflow of a trigger. Returning the context itself has the same effect.
 *
 * @param context Initial context of the execution. The engine adds `trigger_name` and `triggered_at`. Default: empty.
 * @example
 * trigger('inbox', { every: '2s', starts: orders }, () => fire({ order_id: 7 }))
 */
export function fire(): Fire<Record<never, never>>
export function fire<const Context extends object>(context: Context): Fire<Context>
export function fire(context?: object): Fire<object> {
  return marked({ kind: 'fire', context })
}

/**
 * Returns the answer that does not start the workflow. The trigger is polled again after its interval.
 *
 * @param reason Reason for the history, such as "no file is older than 5 s", cut to 500 characters. Consecutive skips
 *   with the same reason share one record. Default: none.
 * @throws `UsageError` (`INVALID_ARGUMENT`) if the reason is not a string.
 * @example
 * trigger('inbox', { every: '2s', starts: orders }, async () => (await next()) ?? skip('nothing new'))
 */
export function skip(reason?: string): Skip {
  if (reason !== undefined && typeof reason !== 'string') {
    const message = `The reason of skip() must be a string, but ${shownValue(reason)} was given.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'reason' })
  }
  return marked({ kind: 'skip', reason: reason?.slice(0, LONGEST_REASON) })
}

/** The answer that a value is, or null where it is none of `fire` and `skip`. */
export function answerOf(value: unknown): Fire<unknown> | Skip | null {
  if (typeof value !== 'object' || value === null || !(ANSWER in value)) return null
  return value as unknown as Fire<unknown> | Skip
}

function marked<Answer extends object>(answer: Answer): Answer {
  Object.defineProperty(answer, ANSWER, { value: 1 })
  return Object.freeze(answer)
}
