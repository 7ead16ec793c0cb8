import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-tasks.ts',
  find: `      if (dependent.unfinishedDependencies === 0 && dependent.status === 'NotStarted')`,
  replace: `      if (dependent.status === 'NotStarted')`,
  breaks: 'Dependencies end first: a task starts when the first of its dependencies has ended.',
}
