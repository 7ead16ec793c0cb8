import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/settlement.ts',
  find: 'record.owner_number === settlement.ownerNumber ?',
  replace: 'record.seq > 0 ?',
  breaks: 'A final state never changes: a former owner writes over its successor.',
}
