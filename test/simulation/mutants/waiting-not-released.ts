import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/waiting-steps.ts',
  find: 'if (free <= 0) return',
  replace: 'if (free <= 1) return',
  breaks: 'Waiting executions begin: one place stays free.',
}
