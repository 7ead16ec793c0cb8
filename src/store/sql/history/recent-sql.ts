/** The SQL of the newest executions of workflows, and of the states of their tasks. */

import { withNames } from '../named.ts'
import type { Fragments } from '../sql-fragments.ts'

const COLUMNS = withNames('id, status, created_at, started_at')

/** `active`: active executions for `ORDER BY created_at, seq` with a limit. */
export function recentSql({ forRows, isIn }: Fragments, active: string) {
  return {
    /** Ended executions of workflows, each through its part of the index. Rows: workflow. Value: the limit of each. */
    listEnded: forRows(
      'of_workflow text',
      ([workflow]) => `
SELECT seq, ${COLUMNS}, ended_at AS "endedAt" FROM executions WHERE workflow = ${workflow}
ORDER BY created_at DESC, seq DESC LIMIT $2`,
    ),
    /** The newest active executions of all workflows. Value: the limit. */
    listActive: `
SELECT seq, workflow AS of_workflow, ${COLUMNS} FROM ${active} e ORDER BY created_at DESC, seq DESC LIMIT $1`,
    /** Value: list of `seq` of executions. */
    listTaskStates: `
SELECT execution_seq, ${withNames('task_id, status, attempts, started_at, ended_at')} FROM task_runs
WHERE ${isIn('execution_seq', '$1', 'bigint')} ORDER BY execution_seq DESC, position`,
  }
}
