/**
 * Converts between exact texts of contexts and the values of functions. Values that a task does not return keep their
 * text: `1.0` stays `1.0`, and integers beyond 2^53 stay exact.
 */

import { memberTexts } from '../authoring/json-text.ts'
import type { ContextText } from '../model/context.ts'
import { codec } from '../native/index.ts'

/** Returns the frozen context that a task receives. */
export function frozenContext(text: ContextText): Readonly<Record<string, unknown>> {
  return frozen(JSON.parse(text)) as Readonly<Record<string, unknown>>
}

/** Returns the input with the returned members set. `context`: the input as a value. Throws `NotJson`. */
export function patchedText(inputText: ContextText, context: object, returned: unknown): ContextText {
  if (returned === undefined) return inputText
  const members = memberTexts(returned, 'context')
  if (members.size === 0) return inputText
  const added = [...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')
  const open = inputText.slice(0, inputText.lastIndexOf('}'))
  if (Object.keys(context).length === 0) return `{${added}}`
  const patched = `${open},${added}}`
  const isNew = [...members.keys()].every((key) => !Object.hasOwn(context, key))
  // The codec uses the later of two members of one name, and leaves other members unchanged.
  return isNew ? patched : codec.merge([patched, '{}'])
}

/** Avoids recursion, because a context may be nested as deeply as JSON.parse can read. */
function frozen(value: unknown): unknown {
  const open = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue
    Object.freeze(next)
    for (const member of Object.values(next)) if (typeof member === 'object' && member !== null) open.push(member)
  }
  return value
}
