/** What a workflow begins with, as its `input` wants it. */

import type { ContextCheck } from '../authoring/types.ts'
import { type ContextText, contextValueOf } from '../model/context.ts'
import { objectText } from './json-text.ts'

/** The same text where nothing has to change. Throws what the check throws. */
export async function checkedText(check: ContextCheck | undefined, contextText: ContextText): Promise<ContextText> {
  if (check === undefined) return contextText
  const context = contextValueOf(contextText)
  const checked = await check(context)
  return checked === context ? contextText : objectText(checked, 'context')
}
