/** Errors of the engine in the values of a form, by the fields that they concern. */

import type { ValueProblem } from '../api/problem.ts'
import type { FormField, FormPart } from './form-parts.ts'

/** Returns the errors by the pointer of their field. Errors without a field are joined under the empty pointer. */
export function problemsByField(
  wrong: readonly ValueProblem[],
  parts: readonly FormPart[] | null,
): ReadonlyMap<string, string> {
  const fields = allFields(parts ?? [])
  const problems = new Map<string, string>()
  for (const { path, message } of wrong) {
    // The path may lead into the value of a field.
    const field = fields.find(
      (each) => path === each.path || (/^[.[]/.test(path.slice(each.path.length)) && path.startsWith(each.path)),
    )
    const pointer = field?.pointer ?? ''
    const text = `${field?.label ?? path} ${message}.`.trim()
    const before = problems.get(pointer)
    problems.set(pointer, before === undefined ? text : `${before} ${text}`)
  }
  return problems
}

function allFields(parts: readonly FormPart[]): readonly FormField[] {
  return parts.flatMap((part) => (part.kind === 'group' ? allFields(part.parts) : [part]))
}
