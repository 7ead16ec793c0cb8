import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/executor.ts',
  find: `    ports.heartbeat.onDeclaredDead(() => this.#dropAll())
`,
  replace: '',
  breaks: 'Gauges are zero at rest: an engine that was declared dead keeps its runs.',
}
