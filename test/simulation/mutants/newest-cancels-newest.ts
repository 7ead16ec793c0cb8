import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/limits/start-admission.ts',
  find: 'const kept = executionId ?? found.at(-1)',
  replace: 'const kept = found.at(0) ?? executionId ?? undefined',
  breaks: 'The store keeps the newest of the waiting executions. The mutant keeps the oldest one.',
  seeds: [217],
}
