import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: '    task.attempts -= 1\n    this.#mayWait = true',
  replace: '    this.#mayWait = true',
  breaks: 'Attempts are limited: an attempt that waits for a child is counted.',
}
