/** Answers of the functions of triggers: `fire` starts the workflow, `skip` does not. */

import * as v from 'valibot'
import { isKey } from '../model/arguments.ts'
import { type OptionSchema, parseOptions } from '../options/checked.ts'
import { optionsSchema, textSchema } from '../options/schemas.ts'

/** Maximum number of characters of a reason, which is stored with each run of skips. */
const LONGEST_REASON = 500

// Shared by all copies of this package in a process: scripts and runner may have different ones.
const ANSWER = Symbol.for('cloaca.answer')

const NO_OPTIONS: FiringOptions = Object.freeze({})
const FIRE_OPTIONS = optionsSchema({
  key: textSchema('a string of 1 to 512 bytes of UTF-8, without U+0000', isKey),
} satisfies Record<keyof FiringOptions, OptionSchema>)

/** Answer made by `fire`: the trigger starts its workflow. */
export interface Fire<Context> {
  /** Marks an answer made by `fire`. */
  readonly kind: 'fire'
  /** Initial context of the execution. Undefined if there is none. */
  readonly context: Context | undefined
  /** Key of the event. Undefined if there is none. */
  readonly key: string | undefined
}

/** Options of `fire`. */
export interface FiringOptions {
  /**
   * Name of the event, such as `'row-7'`, which has 1 to 512 bytes of UTF-8. The trigger fires at most once for each
   * key, also after the execution has ended or failed, until the key expires (`keyTtl`). Default: none; the firing
   * starts nothing only while an execution that the trigger started with an equal context is active.
   */
  readonly key?: string | undefined
}

/** Answer made by `skip`: the trigger does not start its workflow. */
export interface Skip {
  /** Marks an answer made by `skip`. */
  readonly kind: 'skip'
  /** Reason for the history. Undefined if none was given. */
  readonly reason: string | undefined
}

/**
 * Returns the answer that starts the workflow of a trigger. Returning the context itself has the same effect. An array
 * of these answers starts the workflow several times.
 *
 * @param context Initial context of the execution. The engine adds `trigger_name` and `triggered_at`. Default: empty.
 * @param options `key`: name of the event, for which the trigger fires at most once.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid key.
 * @example
 * trigger('inbox', { every: '2s', starts: orders }, () => fire({ order_id: 7 }, { key: 'order-7' }))
 */
export function fire(): Fire<Record<never, never>>
export function fire<const Context extends object>(context: Context, options?: FiringOptions): Fire<Context>
export function fire(context?: object, options?: FiringOptions): Fire<object> {
  const { key } = options === undefined ? NO_OPTIONS : parseOptions(FIRE_OPTIONS, options, '', { what: 'fire()' })
  return marked({ kind: 'fire', context, key })
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
  const text = parseOptions(v.optional(v.string()), reason, 'reason', { what: 'skip()' })
  return marked({ kind: 'skip', reason: text?.slice(0, LONGEST_REASON) })
}

/** Returns the answer, or null for a value that is not made by `fire` or `skip`. */
export function toPollAnswer(value: unknown): Fire<unknown> | Skip | null {
  if (typeof value !== 'object' || value === null || !(ANSWER in value)) return null
  return value as unknown as Fire<unknown> | Skip
}

function marked<Answer extends object>(answer: Answer): Answer {
  Object.defineProperty(answer, ANSWER, { value: 1 })
  return Object.freeze(answer)
}
