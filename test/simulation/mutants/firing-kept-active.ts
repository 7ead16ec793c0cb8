import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/execution-ends.ts',
  find: `if (record.origin === 'trigger') firings.push(`,
  replace: `if (record.origin === 'trigger' && end.status !== 'Failed') firings.push(`,
  breaks: 'A firing ends with its execution.',
}
