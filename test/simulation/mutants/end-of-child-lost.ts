import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/child-waits.ts',
  find: 'if (waits.length === 0) continue',
  replace: 'if (waits.length >= 0) continue',
  breaks: 'The end of a child ends the waits of its parents.',
}
