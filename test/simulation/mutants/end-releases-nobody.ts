import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/settlement.ts',
  find: 'yield* releaseExecutions(session, freedKeys(accepted), at)',
  replace: 'yield* releaseExecutions(session, [], at)',
  breaks: 'A free slot is given to a waiting execution: the end of another one lets none begin.',
  seeds: [126],
}
