import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/sql/incident-sql.ts',
  find: `WHERE earlier.outcome = 'pending' AND`,
  replace: `WHERE earlier.outcome = 'failed' AND`,
  breaks: 'Messages of an incident arrive in their order: a message is sent before an earlier one was delivered.',
}
