import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/settlement-steps.ts',
  find: 'if (record.owner_number !== settlement.ownerNumber)',
  replace: 'if (record.seq < 0)',
  breaks: 'A final state never changes: a former owner writes over its successor.',
}
