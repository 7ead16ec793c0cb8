import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/wait-steps.ts',
  find: 'if (expired.length > 0) {',
  replace: 'if (expired.length < 0) {',
  breaks: 'An approval is open exactly while its wait is open: a timeout leaves it open.',
}
