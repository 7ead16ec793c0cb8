/** The SQL of attempts. Each text is one statement, named after what the store wants done. */

/** What a later runner reports of an attempt that an earlier one had given up is that attempt's end. */
export const INSERT_ATTEMPT = `
INSERT OR REPLACE INTO attempts (execution_seq, task_id, attempt, outcome, queued_at, started_at, ended_at, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

/** Those whose process ended under them; must precede what makes their tasks ready again. */
export const INSERT_LOST_ATTEMPTS = `
INSERT OR IGNORE INTO attempts (execution_seq, task_id, attempt, outcome, started_at, ended_at, error)
SELECT execution_seq, task_id, attempts, 'lost', started_at, ?, ?
FROM task_runs WHERE execution_seq = ? AND status = 'Running'`

/** Those that an owner which stops has not waited for; must precede what makes their tasks ready again. */
export const INSERT_CUT_ATTEMPTS = `
INSERT OR IGNORE INTO attempts (execution_seq, task_id, attempt, outcome, started_at, ended_at, error)
SELECT execution_seq, task_id, attempts, 'lost', task_runs.started_at, ?, ?
FROM executions JOIN task_runs ON task_runs.execution_seq = executions.seq
WHERE executions.owner_seq = ? AND task_runs.status = 'Running'`

export const LIST_ATTEMPTS = `
SELECT task_id, attempt, outcome, queued_at, attempts.started_at, attempts.ended_at, error
FROM executions JOIN attempts ON attempts.execution_seq = executions.seq
WHERE executions.id = ? ORDER BY attempts.ended_at, task_id, attempt`
