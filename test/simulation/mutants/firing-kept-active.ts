import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/settlement-steps.ts',
  find: `if (record.origin === 'trigger') connection.run(COMPLETE_FIRING`,
  replace: `if (record.origin === 'trigger' && end.status !== 'Failed') connection.run(COMPLETE_FIRING`,
  breaks: 'A firing ends with its execution.',
}
