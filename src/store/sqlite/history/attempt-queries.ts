/**
 * The SQL of attempts. Each text is one statement, named after what the store wants done. The attempt that completed a
 * task is in the row of the task, where nothing else is known of it; `attempts` has all the others.
 */

import { SEQ_OF } from '../executions/execution-queries.ts'

/** Of the execution whose `seq` the given expression is; the values of its parameters are bound twice. */
function attemptsOf(executionSeq: string): string {
  return `
SELECT task_id, attempt, outcome, queued_at, started_at, ended_at, error FROM attempts WHERE execution_seq = ${executionSeq}
UNION ALL
SELECT task_id, attempts, 'completed', attempt_queued_at, attempt_started_at, ended_at, NULL FROM task_runs
WHERE execution_seq = ${executionSeq} AND attempt_started_at IS NOT NULL`
}

export const LIST_ATTEMPTS = `${attemptsOf(SEQ_OF)}
ORDER BY ended_at, task_id, attempt`

export const SAMPLE_ATTEMPTS = `${attemptsOf('?')} LIMIT ?`
