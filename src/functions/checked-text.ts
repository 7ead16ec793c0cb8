/** What a workflow begins with, as its `input` wants it. */

import { isDeepStrictEqual } from 'node:util'
import type { ContextCheck } from '../authoring/types.ts'
import { type ContextText, contextValueOf } from '../model/context.ts'
import { codec } from '../native/index.ts'
import { objectText } from './json-text.ts'

/**
 * The same text where nothing has to change; of what stays as it is, the text of each member, to the digit. Throws what the check
 * throws.
 */
export async function checkedText(check: ContextCheck | undefined, contextText: ContextText): Promise<ContextText> {
  if (check === undefined) return contextText
  const context = contextValueOf(contextText)
  const checked = await check(context)
  if (checked === context) return contextText
  const wanted = contextValueOf(objectText(checked, 'context'))
  if (isDeepStrictEqual(wanted, context)) return contextText
  const members = Object.entries(wanted).map(([key, value]) => {
    const isKept = Object.hasOwn(context, key) && isDeepStrictEqual(context[key], value)
    const kept = isKept ? codec.pick(contextText, key) : null
    return `${JSON.stringify(key)}:${kept ?? JSON.stringify(value)}`
  })
  return `{${members.join(',')}}`
}
