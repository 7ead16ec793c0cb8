/**
 * Arguments that JavaScript callers hand in: their checks, and how messages show them. A value is shown short, and
 * without trusting it, since its getters, its proxy or its class may throw.
 */

import { UsageError } from '../errors.ts'

const LONGEST_SHOWN = 80

/** `"text" (string)`, `NaN (number)`, `an object of class Date`. */
export function shownValue(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (typeof value === 'string') return `${JSON.stringify(shortened(value))} (string)`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object') return shownObject(value)
  return `${String(value)} (${typeof value})`
}

/** The beginning of a text that may be long. */
export function shortened(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}

function shownObject(value: object): string {
  try {
    if (Array.isArray(value)) return 'an array'
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== '' && name !== 'Object' ? `an object of class ${name}` : 'an object'
  } catch {
    return 'an object that cannot be read' // a revoked proxy, or a getter that throws: said by whoever reads it
  }
}

/** An argument that is a text. Throws `INVALID_ARGUMENT` for anything else. */
export function textArgument(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new UsageError('INVALID_ARGUMENT', `"${name}" must be a string, but ${shownValue(value)} was given.`, {
    path: name,
  })
}

/** Requirement that `isStorable` checks, for messages. */
export const STORABLE = 'a string without U+0000 and without half of a surrogate pair'

/** Returns whether all databases store a text. PostgreSQL has no U+0000, and UTF-8 no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** Returns an argument that is stored as a name. Throws `INVALID_ARGUMENT` for a text that a database cannot store. */
export function nameArgument(value: unknown, name: string): string {
  const text = textArgument(value, name)
  if (isStorable(text)) return text
  throw new UsageError('INVALID_ARGUMENT', `"${name}" must be ${STORABLE}, but ${shownValue(value)} was given.`, {
    path: name,
  })
}

/** Returns an argument as a whole number. Throws `INVALID_ARGUMENT` for anything that a database cannot store. */
export function numberArgument(value: unknown, name: string, least: number): number {
  const most = Number.MAX_SAFE_INTEGER
  // Databases store whole numbers, and none beyond 64 bits.
  if (typeof value === 'number' && value >= least && value <= most) return Math.floor(value)
  const message = `"${name}" must be a number from ${least} to ${most}, but ${shownValue(value)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: name })
}

/** Throws `INVALID_ARGUMENT` for what is not true or false. */
export function flagArgument(value: unknown): void {
  if (typeof value === 'boolean') return
  throw new UsageError('INVALID_ARGUMENT', `"isEnabled" must be true or false, but ${shownValue(value)} was given.`)
}
