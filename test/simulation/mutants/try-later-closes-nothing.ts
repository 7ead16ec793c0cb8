import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: 'if (close !== null) task.closing =',
  replace: 'if (close !== null && delayMs < 0) task.closing =',
  breaks: 'TryLater with a limit closes the slots of its value.',
  seeds: [1005],
}
