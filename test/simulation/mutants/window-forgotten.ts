import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/attempt-slots.ts',
  find: '(windows(name) === null ? removed : kept).push',
  replace: '(windows(name) === 0 ? kept : removed).push',
  breaks: 'A rate is never exceeded: attempts that have ended do not count any more.',
  seeds: [1005],
}
