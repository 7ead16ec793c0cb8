import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: 'this.#makeReady(task, timeAfter(at, delayMs), step)',
  replace: 'this.#makeReady(task, timeAfter(at, delayMs / 2), step)',
  breaks: 'A task that ended with TryLater does not begin before its delay has passed.',
  seeds: [733],
}
