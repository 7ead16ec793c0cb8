import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/steering-steps.ts',
  find: '  session.run(CANCEL_APPROVALS, record.seq, at)\n',
  replace: '',
  breaks: 'An approval is open exactly while its wait is open: a cancel leaves it open.',
}
