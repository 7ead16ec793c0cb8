/** Checks the values of an answer to an approval. The validator is loaded when it is needed, which takes 50 ms. */

import type { FormProblem } from '../../forms/form-values.ts'
import type { JsonObject } from '../../model/context.ts'

/** Returns the wrong values. A rejection needs no values. */
export async function answerProblems(
  form: JsonObject | null,
  values: JsonObject,
  approved: boolean,
): Promise<readonly FormProblem[]> {
  const isEmpty = Object.keys(values).length === 0
  if (isEmpty && (!approved || form === null)) return []
  if (form === null) return [{ path: '', message: 'the approval has no form' }]
  const { formProblems } = await import('../../forms/form-values.ts')
  return formProblems(form, values)
}

/** Returns the problems as one sentence without a full stop. `whole`: subject of problems without a path. */
export function problemsText(problems: readonly FormProblem[], whole = ''): string {
  return problems.map(({ path, message }) => (path === '' ? `${whole}${message}` : `"${path}" ${message}`)).join('; ')
}
