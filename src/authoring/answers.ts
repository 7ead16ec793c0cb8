/** What a trigger's function says: `fire` starts the workflow, `skip` does not. */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'

/** Characters of a reason. It is kept with every run of skips. */
const LONGEST_REASON = 500

// Shared by all copies of this package in a process: that of a script is not always that of the runner.
const ANSWER = Symbol.for('cloaca.answer')

/** The answer of a trigger that starts its workflow; made by `fire`. */
export interface Fire<Context> {
  /** Says that it is an answer of `fire`. */
  readonly kind: 'fire'
  /** What the workflow begins with; undefined: nothing but what the engine adds. */
  readonly context: Context | undefined
}

/** The answer of a trigger for which there is nothing to do; made by `skip`. */
export interface Skip {
  /** Says that it is an answer of `skip`. */
  readonly kind: 'skip'
  /** Why, for the history; undefined: no reason was given. */
  readonly reason: string | undefined
}

/**
 * Starts the workflow of a trigger. To return the object itself does the same.
 *
 * @param context What the workflow begins with. The engine adds `trigger_name` and `triggered_at`. Nothing unless given.
 * @example
 * trigger('inbox', { every: '2s', starts: orders }, () => fire({ order_id: 7 }))
 */
export function fire(): Fire<Record<never, never>>
export function fire<const Context extends object>(context: Context): Fire<Context>
export function fire(context?: object): Fire<object> {
  return marked({ kind: 'fire', context })
}

/**
 * Says that there is nothing to do: the trigger is polled again after its interval.
 *
 * @param reason Why, for the history: "no file is older than 5 s". Skips one after the other with the same reason are one record
 * with a count. Beyond 500 characters it is cut. No reason unless given.
 * @throws `UsageError` (`INVALID_ARGUMENT`) when the reason is no string.
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
