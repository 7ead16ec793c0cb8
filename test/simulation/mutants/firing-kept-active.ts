import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sqlite/executions/settlement-steps.ts',
  find: `if (record.origin === 'trigger') completeFiring(`,
  replace: `if (record.origin === 'trigger' && end.status !== 'Failed') completeFiring(`,
  breaks: 'A firing ends with its execution.',
}
