import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: 'this.#makeReady(task, at + decision.delayMs, step)',
  replace: 'this.#makeReady(task, at, step)',
  breaks: 'Back-off is never too short.',
}
