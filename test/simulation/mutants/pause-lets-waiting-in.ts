import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/execution-run.ts',
  find: `    this.phase = 'paused'
    this.stop()`,
  replace: `    this.phase = 'paused'`,
  breaks: 'No task starts after an acknowledged pause: a task that waits for its interpreter starts.',
}
