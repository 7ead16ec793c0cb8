import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/signal-steps.ts',
  find: 'yield* endWaits(session, waits, ending)',
  replace: 'yield* endWaits(session, waits.slice(0, 1), ending)',
  breaks: 'A signal ends all open waits of its name and key.',
}
