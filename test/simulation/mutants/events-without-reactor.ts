import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/graphs/hosted-sources.ts',
  find: `      await this.#endUndeclared(graphs)
`,
  replace: '',
  breaks: 'Events are delivered once: their reactor is undeclared before the source ends.',
}
