/** Checks the context of a new execution by the `input` of its workflow. */

import { isDeepStrictEqual } from 'node:util'
import type { ContextCheck } from '../authoring/function-types.ts'
import { objectText } from '../authoring/json-text.ts'
import { type ContextText, parseContext } from '../model/context.ts'
import { codec } from '../native/index.ts'

/**
 * Returns the same text if nothing changes. Unchanged members keep their text, with all digits. Throws as the check.
 */
export async function checkedText(check: ContextCheck | undefined, contextText: ContextText): Promise<ContextText> {
  if (check === undefined) return contextText
  const context = parseContext(contextText)
  const checked = await check(context)
  if (checked === context) return contextText
  const wanted = parseContext(objectText(checked, 'context'))
  if (isDeepStrictEqual(wanted, context)) return contextText
  const members = Object.entries(wanted).map(([key, value]) => {
    const isKept = Object.hasOwn(context, key) && isDeepStrictEqual(context[key], value)
    const kept = isKept ? codec.pick(contextText, key) : null
    return `${JSON.stringify(key)}:${kept ?? JSON.stringify(value)}`
  })
  return `{${members.join(',')}}`
}
