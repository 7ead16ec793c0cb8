/**
 * A context: the JSON object that a firing, a task and a result carry, always as its exact text.
 * JavaScript never parses and rewrites it on its way, since `JSON.parse` turns Python's `1.0` into an int and
 * breaks integers beyond 2**53. Only the Node API turns it into a value, for the caller to read.
 */

import { UsageError } from '../errors.ts'
import { shownValue } from './arguments.ts'
import { plainJson } from './plain-json.ts'

/** JSON text of one object, as Python or the caller wrote it. */
export type ContextText = string

/** JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }
/** JSON object, such as the context of an execution. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** The context of a run that was started without one. */
export const EMPTY_CONTEXT: ContextText = '{}'

/**
 * The text of a JavaScript object that a caller hands in. Throws `INVALID_CONTEXT` with the path of the first value that
 * is not JSON.
 */
export function contextTextOf(value: JsonObject): ContextText {
  return JSON.stringify(objectOf(value))
}

/**
 * A text that a caller hands in, unchanged. Throws `INVALID_CONTEXT` when it is not that of a JSON object, or of one that
 * Python could not read.
 */
export function checkedContextText(text: string): ContextText {
  if (typeof text !== 'string') {
    throw new UsageError(
      'INVALID_CONTEXT',
      `The text of a context must be a string, but ${shownValue(text)} was given.`,
    )
  }
  objectOf(parsed(text))
  // What is not escaped may also be in a key that a later one of the same name hides.
  if (!text.isWellFormed())
    throw new UsageError('INVALID_CONTEXT', 'A context must not contain half of a surrogate pair.')
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UsageError('INVALID_CONTEXT', `A context must be valid JSON: ${(cause as Error).message}`, { cause })
  }
}

function objectOf(value: unknown): JsonObject {
  const copy = plainJson(value, 'context')
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy as JsonObject
  const message = `A context must be a JSON object with string keys, such as {"order": 7}, but ${shownValue(value)} was given.`
  throw new UsageError('INVALID_CONTEXT', message, { path: 'context' })
}

/** A context as a JavaScript value. Loses what JavaScript cannot hold: use the text where every digit counts. */
export function contextValueOf(text: ContextText): JsonObject {
  return JSON.parse(text) as JsonObject
}
