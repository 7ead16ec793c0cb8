import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/start-admission.ts',
  find: `if (limit.overflow === 'drop') {`,
  replace: `if (limit.overflow === 'drop' && state.used < 0) {`,
  breaks: 'An execution above its limit is dropped: it is stored, and waits.',
  seeds: [126],
}
