import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/backoff/reconciler.ts',
  find: `      this.#timer?.cancel()
      this.#timer = null`,
  replace: '      this.#timer = null',
  breaks: 'No timer is left over: an engine that is refused several times sets one each time.',
}
