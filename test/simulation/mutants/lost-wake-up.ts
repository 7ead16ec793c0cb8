import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/slots.ts',
  find: `    this.#free += 1
    this.#grant()`,
  replace: '    this.#free += 1',
  breaks: 'Every accepted execution ends: no waiting task starts in a free slot.',
}
