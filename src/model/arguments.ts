/**
 * Checks arguments of JavaScript callers, and shortens them for messages. Values are not trusted: getters, proxies and
 * classes may throw.
 */

import { UsageError } from '../errors.ts'

const LONGEST_SHOWN = 80

/** Returns a value for a message, such as `"text" (string)`, `NaN (number)` or `an object of class Date`. */
export function formatValue(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (typeof value === 'string') return `${JSON.stringify(shortenText(value))} (string)`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object') return shownObject(value)
  return `${String(value)} (${typeof value})`
}

export function shortenText(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}

function shownObject(value: object): string {
  try {
    if (Array.isArray(value)) return 'an array'
    const name: unknown = value.constructor?.name
    return typeof name === 'string' && name !== '' && name !== 'Object' ? `an object of class ${name}` : 'an object'
  } catch {
    return 'an object that cannot be read' // a revoked proxy, or a getter that throws; readers report it
  }
}

/** Returns an argument that is a text. Throws `INVALID_ARGUMENT` for anything else. */
export function textArgument(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw refused(name, 'a string', value)
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
  throw refused(name, STORABLE, value)
}

const MAX_KEY_BYTES = 512
const encoder = new TextEncoder()

/** Whether a text can be stored as a key: 1 to 512 bytes of UTF-8. */
export function isKey(text: string): boolean {
  const { length } = encoder.encode(text)
  return length >= 1 && length <= MAX_KEY_BYTES && isStorable(text)
}

/** Returns a key. Throws `INVALID_ARGUMENT` for another length, and for a text that cannot be stored. */
export function keyArgument(value: unknown, name = 'key'): string {
  const key = nameArgument(value, name)
  if (isKey(key)) return key
  const given = `${formatValue(key)} with ${encoder.encode(key).length} bytes`
  const message = `"${name}" must have 1 to ${MAX_KEY_BYTES} bytes of UTF-8, but ${given} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: name })
}

/** Returns an argument as a whole number. Throws `INVALID_ARGUMENT` for anything that a database cannot store. */
export function numberArgument(value: unknown, name: string, least: number): number {
  const most = Number.MAX_SAFE_INTEGER
  // Databases store whole numbers of at most 64 bits.
  if (typeof value === 'number' && value >= least && value <= most) return Math.floor(value)
  throw refused(name, `a number from ${least} to ${most}`, value)
}

/** Throws `INVALID_ARGUMENT` if the value is not a boolean. */
export function flagArgument(value: unknown): void {
  if (typeof value !== 'boolean') throw refused('isEnabled', 'true or false', value)
}

function refused(name: string, expected: string, value: unknown): UsageError {
  const message = `"${name}" must be ${expected}, but ${formatValue(value)} was given.`
  return new UsageError('INVALID_ARGUMENT', message, { path: name })
}
