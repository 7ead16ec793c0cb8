import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/start-admission.ts',
  find: 'state.used < maxActive)',
  replace: 'state.used <= maxActive)',
  breaks: 'The limit of a workflow is never exceeded: one execution more begins.',
  seeds: [335],
}
