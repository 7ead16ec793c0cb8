import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/acquirer.ts',
  find: `      this.#timer?.cancel()
      this.#timer = `,
  replace: '      this.#timer = ',
  breaks: 'No timer is left over: an engine that is refused several times sets one each time.',
}
