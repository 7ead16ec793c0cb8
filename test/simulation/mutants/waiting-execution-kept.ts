import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/run-waits.ts',
  find: 'if (!isContinuing(run) || !run.state.hasOnlyWaits) return',
  replace: "if (run.state.id !== '') return",
  breaks: 'An execution in which only waits are open has no owner.',
}
