import { CANCEL_AFTER_REFUSED_END } from '../programs/cancel-after-refused-end.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/engine/executions/executor.ts',
  find: `    if (run.state.isFinished) return run.whenReleased
`,
  replace: '',
  breaks: 'An execution ends exactly once: a cancel comes while the end is being stored.',
  program: CANCEL_AFTER_REFUSED_END,
}
