import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/announced-code.ts',
  find: `      this.#told = ''
`,
  replace: '',
  breaks: 'Every enabled trigger is polled: memory and store disagree about the code.',
}
