import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-state.ts',
  find: `      if (isFinal(task.status)) continue
      const readiness`,
  replace: '      const readiness',
  breaks: 'An execution that ended has no open task: a cancel counts its waiting tasks twice.',
}
