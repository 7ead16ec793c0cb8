/**
 * Context: the JSON object of a firing, a task or a result, always as its exact text. Only the Node API parses it, for
 * the caller, since `JSON.parse` turns Python's `1.0` into an int and breaks integers beyond 2**53.
 */

import { UsageError } from '../errors.ts'
import { formatValue } from './arguments.ts'
import { type JsonObject, plainJson } from './plain-json.ts'

export type { JsonObject, JsonValue } from './plain-json.ts'

/** JSON text of one object, as Python or the caller wrote it. */
export type ContextText = string

/** Context of a run that was started without one. */
export const EMPTY_CONTEXT: ContextText = '{}'

/** Converts an object of a caller. Throws `INVALID_CONTEXT` with the path of the first value that is not JSON. */
export function toContextText(value: JsonObject): ContextText {
  return JSON.stringify(objectOf(value))
}

/** Returns the text unchanged. Throws `INVALID_CONTEXT` if it is not a JSON object, or if Python could not read it. */
export function checkedContextText(text: string): ContextText {
  if (typeof text !== 'string') {
    throw new UsageError(
      'INVALID_CONTEXT',
      `The text of a context must be a string, but ${formatValue(text)} was given.`,
    )
  }
  objectOf(parsed(text))
  // An unescaped half may also be in a key that a later one of the same name hides.
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
  const given = formatValue(value)
  const message = `A context must be a JSON object with string keys, such as {"order": 7}, but ${given} was given.`
  throw new UsageError('INVALID_CONTEXT', message, { path: 'context' })
}

/** Returns a context as a JavaScript value, which loses digits that JavaScript cannot represent. */
export function parseContext(text: ContextText): JsonObject {
  return JSON.parse(text) as JsonObject
}

/** `JSON` with functions that TypeScript does not declare yet. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source: string }) => unknown): unknown
  rawJSON(text: string): unknown
}

const { parse, rawJSON } = JSON as unknown as ExactJson

/** Returns a value that `JSON.stringify` writes with the numbers of the text. Only for output: it has no numbers. */
export function parseExactly(text: string): unknown {
  return parse(text, (_, value, { source }) => (typeof value === 'number' ? rawJSON(source) : value))
}
