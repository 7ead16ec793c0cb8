import { PAUSED_EXECUTION_OF_SILENT_ENGINE } from '../programs/paused-execution-of-silent-engine.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/executor.ts',
  find: `    ports.heartbeat.onDeclaredDead(() => this.#dropAll())
`,
  replace: '',
  breaks: 'Gauges are zero at rest: an engine that was declared dead keeps its runs.',
  program: PAUSED_EXECUTION_OF_SILENT_ENGINE,
}
