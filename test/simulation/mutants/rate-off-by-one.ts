import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/key-states.ts',
  find: 'const first = last - rate.count + 1',
  replace: 'const first = last - rate.count',
  breaks: 'A rate is never exceeded: one attempt more begins within the window.',
  seeds: [1005],
}
