import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/incidents/alert-delivery-steps.ts',
  find: 'limit, at + TAKEN_MS)',
  replace: 'limit, at + 10 * TAKEN_MS)',
  breaks: 'No message is lost: another engine sends a message that a killed engine has taken.',
}
