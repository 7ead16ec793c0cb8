import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/firing-steps.ts',
  find: 'return waiting > 0 ? 0 : Math.max(0, maxActive - active)',
  replace: 'return waiting > 0 ? 0 : Math.max(0, maxActive + 1 - active)',
  breaks: 'Active firings are limited: one firing over the limit is started.',
}
