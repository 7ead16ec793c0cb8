/** Splits a JSON object into its members as texts, which keeps the tokens of numbers. */

import { UsageError } from '../../errors.ts'
import type { ValueText } from './graph-model-rows.ts'

/** Returns the members by key; the last of equal keys wins. Throws `INVALID_ARGUMENT` if the text is not an object. */
export function jsonMembers(text: ValueText): ReadonlyMap<string, ValueText> {
  assertObject(text)
  const members = new Map<string, ValueText>()
  // The text is well-formed: its top level has only keys, colons, values and commas.
  let at = text.indexOf('{') + 1
  for (;;) {
    const begin = text.indexOf('"', at)
    if (begin < 0) return members
    const keyEnd = endOfString(text, begin)
    const colon = text.indexOf(':', keyEnd)
    const end = endOfValue(text, colon + 1)
    members.set(JSON.parse(text.slice(begin, keyEnd)) as string, text.slice(colon + 1, end).trim())
    at = end
  }
}

function assertObject(text: ValueText): void {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UsageError('INVALID_ARGUMENT', `The payload of a firing is not valid JSON: ${String(cause)}.`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new UsageError(
    'INVALID_ARGUMENT',
    'The payload of a firing must be a JSON object that maps each source to its value.',
  )
}

/** Returns the index after the closing quote. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Returns the index of the comma or brace that ends a member. */
function endOfValue(text: string, begin: number): number {
  let depth = 0
  let at = begin
  for (;;) {
    const character = text[at]
    if (character === '"') {
      at = endOfString(text, at)
      continue
    }
    if (character === '{' || character === '[') depth += 1
    else if (depth === 0 && (character === ',' || character === '}')) return at
    else if (character === '}' || character === ']') depth -= 1
    at += 1
  }
}
