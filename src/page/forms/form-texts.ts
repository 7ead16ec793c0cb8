/** Values of a form as JSON text. Numbers keep the spelling of the visitor, because parsing would change long ones. */

import type { FormField, FormGroup, FormPart } from './form-parts.ts'

/** Texts of the fields by JSON pointer. A flag has the text `true` or `false`, and a choice that of its value. */
export type FormTexts = ReadonlyMap<string, string>

export interface FormValues {
  /** JSON text of the object. */
  readonly json: string
  /** Errors by JSON pointer. The texts of these fields are not in `json`. */
  readonly problems: ReadonlyMap<string, string>
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const WHOLE_NUMBER = /^-?(0|[1-9]\d*)$/

/** Optional fields without a text are left out. */
export function formValues(parts: readonly FormPart[], texts: FormTexts): FormValues {
  const problems = new Map<string, string>()
  return { json: objectText(parts, texts, problems) ?? '{}', problems }
}

/** Returns null for an object without members. */
function objectText(parts: readonly FormPart[], texts: FormTexts, problems: Map<string, string>): string | null {
  const members = parts.flatMap((part) => {
    const json = part.kind === 'group' ? groupText(part, texts, problems) : fieldText(part, texts, problems)
    return json === null ? [] : [`${JSON.stringify(part.key)}:${json}`]
  })
  return members.length === 0 ? null : `{${members.join(',')}}`
}

/** An optional group in which nothing is filled in is left out, and its required fields are not needed. */
function groupText(group: FormGroup, texts: FormTexts, problems: Map<string, string>) {
  if (!group.isRequired && !isFilledIn(group.parts, texts)) return null
  return objectText(group.parts, texts, problems) ?? '{}'
}

function isFilledIn(parts: readonly FormPart[], texts: FormTexts): boolean {
  return parts.some((part) => {
    if (part.kind === 'group') return isFilledIn(part.parts, texts)
    const text = textIn(part, texts)
    return part.input.kind === 'flag' ? text === 'true' : text.trim() !== ''
  })
}

function fieldText(field: FormField, texts: FormTexts, problems: Map<string, string>): string | null {
  const text = textIn(field, texts)
  const { pointer, input, isRequired, isNullable } = field
  if (input.kind === 'flag') return text === 'true' ? 'true' : 'false'
  if (text.trim() === '') {
    if (!isRequired) return null
    if (isNullable) return 'null'
    problems.set(pointer, input.kind === 'choice' ? 'Choose a value.' : 'Enter a value.')
    return null
  }
  if (input.kind === 'text') return JSON.stringify(text)
  const problem = input.kind === 'number' ? numberProblem(text.trim(), input.isWhole) : jsonProblem(text)
  if (problem !== null) problems.set(pointer, problem)
  return problem === null ? text.trim() : null
}

/** Returns the text of a field, or its initial text if the visitor has not changed it. */
export function textIn({ pointer, initialText }: FormField, texts: FormTexts): string {
  return texts.get(pointer) ?? initialText
}

function numberProblem(text: string, isWhole: boolean): string | null {
  if (isWhole) return WHOLE_NUMBER.test(text) ? null : 'Enter a whole number.'
  return NUMBER.test(text) ? null : 'Enter a number, such as 12 or 1.5.'
}

function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (thrown) {
    return `Invalid JSON: ${(thrown as Error).message}`
  }
}
