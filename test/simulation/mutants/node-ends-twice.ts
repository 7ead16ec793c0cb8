import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: "if (task?.status === 'Waiting') this.#continueWait(Object.assign(",
  replace: 'if (task !== undefined) this.#continueWait(Object.assign(',
  breaks: 'A wait ends once: its end, which the owner may read twice, ends the node twice.',
}
