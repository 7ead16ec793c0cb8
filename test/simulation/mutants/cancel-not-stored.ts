import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/steering-steps.ts',
  find: `  connection.run(STORE_REQUEST, JSON.stringify(joined), record.id)
`,
  replace: `  if (request.kind !== 'cancel') connection.run(STORE_REQUEST, JSON.stringify(joined), record.id)
`,
  breaks: 'Callers are answered: the request of a cancel is not stored.',
}
