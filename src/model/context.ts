/**
 * A context: the JSON object that a firing, a task and a result carry, always as its exact text.
 * JavaScript never parses and rewrites it on its way, since `JSON.parse` turns Python's `1.0` into an int and
 * breaks integers beyond 2**53. Only the door of the Node API turns it into a value, for the caller to read.
 */

import { UsageError } from '../errors.ts'

/** JSON text of one object, as Python or the caller wrote it. */
export type ContextText = string

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }
export type JsonObject = { readonly [key: string]: JsonValue }

/** The context of a run that was started without one. */
export const EMPTY_CONTEXT: ContextText = '{}'

/** The text of a JavaScript object that a caller hands in. Throws `INVALID_CONTEXT` with the path of the first value that is not JSON. */
export function contextTextOf(value: JsonObject): ContextText {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(
      'INVALID_CONTEXT',
      `A context is an object with string keys, but ${describe(value)} was given.`,
    )
  }
  assertJson(value, 'context')
  return JSON.stringify(value)
}

/** A text that a caller hands in, unchanged. Throws `INVALID_CONTEXT` when it is not that of a JSON object. */
export function checkedContextText(text: string): ContextText {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UsageError('INVALID_CONTEXT', `A context is JSON, but: ${(cause as Error).message}`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
  throw new UsageError('INVALID_CONTEXT', `A context is a JSON object, like {"order": 7}, but ${text} was given.`)
}

/** A context as a JavaScript value. Loses what JavaScript cannot hold: use the text where every digit counts. */
export function contextValueOf(text: ContextText): JsonObject {
  return JSON.parse(text) as JsonObject
}

function assertJson(value: unknown, path: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertJson(item, `${path}[${index}]`)
    return
  }
  if (typeof value === 'object' && isPlainObject(value)) {
    for (const [key, item] of Object.entries(value)) assertJson(item, `${path}.${key}`)
    return
  }
  throw new UsageError(
    'INVALID_CONTEXT',
    `A context holds JSON only, but "${path}" is ${describe(value)}. Convert it to text or to a number first.`,
    { path },
  )
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `an object of class ${value.constructor?.name ?? 'unknown'}`
  return `${String(value)} (${typeof value})`
}
