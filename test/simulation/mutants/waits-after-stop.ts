import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/engine.ts',
  find: `    this.#releases.push(() => requests.stop())
`,
  replace: '',
  breaks: 'No timer is left over: a caller waits for the owner of an execution when its engine stops.',
}
