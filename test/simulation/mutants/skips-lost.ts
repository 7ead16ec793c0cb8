import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/skip-writer.ts',
  find: `      if (taken !== undefined) this.#skips.putBack(taken)
`,
  replace: '',
  breaks: 'Every poll leaves its tick: a refused write loses skips.',
}
