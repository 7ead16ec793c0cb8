import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/wait-steps.ts',
  find: '      session.each(approvals.cancel, this.#removed, at)\n',
  replace: '',
  breaks: 'An approval is open exactly while its wait is open: the end of its node leaves it open.',
}
