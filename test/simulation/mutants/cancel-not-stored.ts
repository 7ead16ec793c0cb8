import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/steering-steps.ts',
  find: `  session.run(sql.STORE_REQUEST, text, record.id)
`,
  replace: `  if (request.kind !== 'cancel') session.run(sql.STORE_REQUEST, text, record.id)
`,
  breaks: 'Callers are answered: the request of a cancel is not stored.',
}
