/** Fills a form with the values of a JSON object. Numbers keep their spelling. */

import { objectMembers } from '../json/object-members.ts'
import type { FormField, FormPart } from './form-parts.ts'

/** Returns the texts of the fields by JSON pointer, or null if the object has a value that the form cannot show. */
export function filledTexts(parts: readonly FormPart[], json: string): ReadonlyMap<string, string> | null {
  const texts = new Map<string, string>()
  return fill(parts, json, texts) ? texts : null
}

function fill(parts: readonly FormPart[], json: string, texts: Map<string, string>): boolean {
  const members = objectMembers(json)
  if (members === null) return false
  const known = new Map(parts.map((part) => [part.key, part]))
  for (const part of parts) {
    // A value that is missing stays missing, also if the schema has a default.
    if (part.kind === 'field' && !members.has(part.key)) texts.set(part.pointer, '')
  }
  return [...members].every(([key, text]) => {
    const part = known.get(key)
    if (part === undefined) return false
    if (part.kind === 'group') return fill(part.parts, text, texts)
    const shown = fieldText(part, text)
    if (shown !== null) texts.set(part.pointer, shown)
    return shown !== null
  })
}

/** Returns the text of a field for a JSON value, or null if the field cannot have it. */
function fieldText({ input, isNullable, isRequired }: FormField, json: string): string | null {
  if (json === 'null' && isNullable && isRequired && input.kind !== 'choice') return ''
  switch (input.kind) {
    case 'text':
      return textValue(json, input.isLong)
    case 'number':
      return /^-?\d/.test(json) ? json : null
    case 'flag':
      return json === 'true' || json === 'false' ? json : null
    case 'choice':
      return input.choices.find((choice) => choice.json === json)?.json ?? null
    case 'json':
      return json
  }
}

/** An empty text would be left out, and a field of one line removes line breaks. */
function textValue(json: string, isLong: boolean): string | null {
  const value: unknown = json.startsWith('"') ? JSON.parse(json) : null
  if (typeof value !== 'string' || value.trim() === '') return null
  return isLong || !/[\r\n]/.test(value) ? value : null
}
