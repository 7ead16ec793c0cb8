import { CANCEL_DURING_SILENCE } from '../programs/cancel-during-silence.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/executions/steering-steps.ts',
  find: `  declareDead(session, [ownerSeq])
`,
  replace: '',
  breaks: 'Gauges are zero at rest: an engine keeps an execution that a cancel took from it.',
  program: CANCEL_DURING_SILENCE,
}
