/**
 * Contexts between their exact texts and what functions see of them. A value that a task does not return keeps its text to the
 * letter: `1.0` stays `1.0`, and integers beyond 2^53 stay exact.
 */

import type { ContextText } from '../model/context.ts'
import { codec } from '../native/index.ts'
import { memberTexts } from './json-text.ts'

/** The context as a task sees it. Nothing in it can be changed. */
export function frozenContext(text: ContextText): Readonly<Record<string, unknown>> {
  return frozen(JSON.parse(text)) as Readonly<Record<string, unknown>>
}

/**
 * The context after a task: its input with what it returned put in place of, or beside, what was there. `context`: the same input
 * as a value. Throws `NotJson`.
 */
export function patchedText(inputText: ContextText, context: object, returned: unknown): ContextText {
  if (returned === undefined) return inputText
  const members = memberTexts(returned, 'context')
  if (members.size === 0) return inputText
  const added = [...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')
  const open = inputText.slice(0, inputText.lastIndexOf('}'))
  if (Object.keys(context).length === 0) return `{${added}}`
  const patched = `${open},${added}}`
  const isNew = [...members.keys()].every((key) => !Object.hasOwn(context, key))
  // Of two members of one name the later counts for the codec, which leaves the others as they are.
  return isNew ? patched : codec.merge([patched, '{}'])
}

/** Without recursion: a context may be nested as deeply as JSON.parse can read. */
function frozen(value: unknown): unknown {
  const open = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue
    Object.freeze(next)
    for (const member of Object.values(next)) if (typeof member === 'object' && member !== null) open.push(member)
  }
  return value
}
