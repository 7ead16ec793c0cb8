import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run.ts',
  find: `    this.phase = 'paused'
    this.stop()`,
  replace: `    this.phase = 'paused'`,
  breaks: 'No task starts after an acknowledged pause: one waits for its interpreter.',
}
