import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/signal-steps.ts',
  find: ' || known.fingerprint !== fingerprint)',
  replace: ')',
  breaks: 'A signal with the id of another signal is refused: its payload is not compared.',
}
