import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/signal-steps.ts',
  find: 'yield* endWaits(session, waits, ending)',
  replace: 'yield* endWaits(session, waits.slice(0, 0), ending)',
  breaks: 'No signal is lost: a signal is kept although a wait of its name and key is open.',
}
