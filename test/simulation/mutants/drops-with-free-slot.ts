import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/start-admission.ts',
  find: 'state.used < maxActive)',
  replace: 'state.used + 1 < maxActive)',
  breaks: 'An execution is refused only if no slot of its limit is free.',
  seeds: [498],
}
