/**
 * Checks of what JavaScript callers hand to `workflow`, `task` and `trigger`: each message names the workflow or trigger, the
 * option, the value, and what is expected. All are `UsageError`s with the code `INVALID_ARGUMENT`.
 */

import { type ErrorFacts, UsageError } from '../errors.ts'
import { isStorable, STORABLE, shownValue } from '../model/arguments.ts'
import { durationMs, intervalMs } from '../model/time/duration.ts'
import { didYouMean } from '../registry/nearest.ts'

/** Whose options are looked at: `task "ship" of workflow "orders"`, and its facts. */
export interface Owner {
  readonly what: string
  readonly facts: ErrorFacts
}

type Given = Readonly<Record<string, unknown>>

/** The options as an object without unknown keys; undefined stands for none. */
export function optionsOf(owner: Owner, options: unknown, known: readonly string[]): Given {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refused(owner, 'options', `an object of options, such as { ${known[0]}: … }`, options)
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const message = `The options of ${owner.what} contain an unknown key "${key}".${didYouMean(key, known)} Valid keys: ${known.join(', ')}.`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: key })
  }
  return options as Given
}

export function optionalText(owner: Owner, options: Given, key: string, fallback: string): string {
  const value = options[key]
  if (value === undefined) return fallback
  if (typeof value === 'string') return value
  throw refused(owner, key, 'a string', value)
}

export function optionalFlag(owner: Owner, options: Given, key: string, fallback: boolean): boolean {
  const value = options[key]
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw refused(owner, key, 'true or false', value)
}

export function optionalFunction(owner: Owner, options: Given, key: string): ((...args: never) => unknown) | null {
  const value = options[key]
  if (value === undefined) return null
  if (typeof value === 'function') return value as (...args: never) => unknown
  throw refused(owner, key, 'a function', value)
}

/** A whole number from `least` on, or null. */
export function optionalCount(owner: Owner, options: Given, key: string, least: number): number | null {
  const value = options[key]
  if (value === undefined) return null
  if (Number.isSafeInteger(value) && Number(value) >= least) return Number(value)
  throw refused(owner, key, `a whole number, ${least} or more`, value)
}

export function optionalNumber(owner: Owner, options: Given, key: string, fallback: number): number {
  const value = options[key]
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw refused(owner, key, 'a finite number', value)
}

export function optionalChoice<Choice extends string>(
  owner: Owner,
  options: Given,
  key: string,
  choices: readonly Choice[],
): Choice | null {
  const value = options[key]
  if (value === undefined) return null
  if (choices.includes(value as Choice)) return value as Choice
  const expected = choices.map((choice) => `"${choice}"`).join(', ')
  throw refused(owner, key, `one of ${expected}`, value)
}

/** A duration in milliseconds, or null. */
export function optionalDuration(owner: Owner, options: Given, key: string): number | null {
  return optionalTime(owner, options, key, durationMs)
}

/** The interval of a poll in milliseconds, or null. */
export function optionalInterval(owner: Owner, options: Given, key: string): number | null {
  return optionalTime(owner, options, key, intervalMs)
}

function optionalTime(owner: Owner, options: Given, key: string, parse: typeof durationMs): number | null {
  const value = options[key]
  if (value === undefined) return null
  const expected = `a duration, such as "250ms", "20s", "5m" or "1h"`
  if (typeof value !== 'string') throw refused(owner, key, expected, value)
  const ms = parse(value)
  if (typeof ms === 'number') return ms
  throw refused(owner, key, `${expected} (${ms.reason})`, value)
}

/** The same for a limit, which is never zero. */
export function optionalLimit(owner: Owner, options: Given, key: string): number | null {
  const ms = optionalDuration(owner, options, key)
  if (ms !== 0) return ms
  throw refused(owner, key, "longer than 0 (to use the engine's limit, omit this option)", options[key])
}

/** Returns the name of a workflow or trigger, or the id of a task. `what`: "The name of a workflow". */
export function nameOf(value: unknown, what: string, facts: ErrorFacts): string {
  const isGiven = typeof value === 'string' && value !== ''
  if (isGiven && isStorable(value)) return value
  const message = `${what} must be ${isGiven ? STORABLE : 'a non-empty string'}, but ${shownValue(value)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, facts)
}

/** Returns an option that is stored as a part of a name. */
export function optionalName(owner: Owner, options: Given, key: string, fallback: string): string {
  const value = optionalText(owner, options, key, fallback)
  if (isStorable(value)) return value
  throw refused(owner, key, STORABLE, value)
}

export function refused(owner: Owner, key: string, expected: string, value: unknown): UsageError {
  const message = `"${key}" of ${owner.what} must be ${expected}, but ${shownValue(value)} was given.`
  return new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: key })
}
