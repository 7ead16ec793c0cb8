import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/ended-waits.ts',
  find: 'makeAvailable, toRows([...endedSeqs]))',
  replace: 'makeAvailable, toRows([]))',
  breaks: 'The commit that ends a wait makes its execution available.',
}
