import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/poll-steps.ts',
  find: 'const isPaused = Boolean(enabled) && ',
  replace: 'const isPaused = ',
  breaks: 'A failed poll disables a trigger once: a disabled trigger that a user polls is disabled again.',
  seeds: [1179],
}
