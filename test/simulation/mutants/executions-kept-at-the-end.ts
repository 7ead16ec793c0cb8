import { STOP_DURING_TASK } from '../programs/stop-during-task.ts'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/instance-steps.ts',
  find: 'yield* session.all<SeqRecord>(sql.RELEASE_EXECUTIONS, seq)',
  replace: '[] as readonly SeqRecord[]',
  breaks: 'The database keeps its constraints: an engine that stopped owns executions.',
  program: STOP_DURING_TASK,
}
