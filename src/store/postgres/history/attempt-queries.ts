/** The SQL of attempts. Each text is one statement, named after what the store wants done. */

import { seqOf } from '../executions/execution-queries.ts'

/** The attempt that completed a task is in the row of the task if `attempts` has no row of it. */
export const attemptsOf = (condition: string): string => `
SELECT execution_seq, task_id, attempt, outcome, queued_at, started_at, ended_at, error FROM attempts
WHERE execution_seq ${condition}
UNION ALL
SELECT execution_seq, task_id, attempts, 'completed', attempt_queued_at, attempt_started_at, ended_at, NULL
FROM task_runs WHERE execution_seq ${condition} AND attempt_started_at IS NOT NULL`

export const LIST_ATTEMPTS = `${attemptsOf(`= ${seqOf('$1')}`)} ORDER BY ended_at, task_id, attempt`
