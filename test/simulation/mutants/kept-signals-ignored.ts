import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/wait-steps.ts',
  find: 'if (this.#signals.length > 0) yield*',
  replace: 'if (this.#signals.length < 0) yield*',
  breaks: 'No signal is lost: a wait that opens does not use a kept signal.',
}
