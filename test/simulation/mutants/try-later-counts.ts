import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: `    task.attempts -= 1
    task.triesLater += 1`,
  replace: '    task.triesLater += 1',
  breaks: 'An attempt that ends with TryLater does not count.',
  seeds: [1005],
}
