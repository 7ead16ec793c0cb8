import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/retry.ts',
  find: 'attempt >= Math.max(1, policy.maxAttempts)',
  replace: 'attempt > Math.max(1, policy.maxAttempts)',
  breaks: 'The number of attempts is never too high.',
}
