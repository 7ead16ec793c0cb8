import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/incidents/incident-state.ts',
  find: `>= repeatMs ? 'repeated' : null`,
  replace: `>= repeatMs ? 'repeated' : 'opened'`,
  breaks: 'An incident has one message about its opening: each further failure opens it again.',
}
