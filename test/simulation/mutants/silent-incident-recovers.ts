import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/incidents/incident-state.ts',
  find: 'open.sendsRecovery && !open.isSilent &&',
  replace: 'open.sendsRecovery &&',
  breaks: 'The end of an incident that was opened again without a message has no message.',
}
