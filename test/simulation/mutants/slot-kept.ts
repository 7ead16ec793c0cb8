import { ATTEMPT_OF_SILENT_ENGINE } from '../programs/attempt-of-silent-engine.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/attempts/task-attempts.ts',
  find: `    run.attempts -= 1
    lease.end()
`,
  replace: `    run.attempts -= 1
    if (run.phase !== 'released') lease.end()
`,
  breaks: 'No slot is left over at rest: an attempt whose execution was lost keeps its slot.',
  program: ATTEMPT_OF_SILENT_ENGINE,
}
