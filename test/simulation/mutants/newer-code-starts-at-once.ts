import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: 'return task.attempts > 0 && task.unfinishedDependencies === 0',
  replace: `return task.status !== 'NotStarted'`,
  breaks: 'Dependencies end first: newer code starts a task that was taken back.',
}
