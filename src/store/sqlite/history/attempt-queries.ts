/**
 * The SQL of attempts. Each text is one statement, named after what the store wants done. The attempt that completed a
 * task is in the row of the task, where nothing else is known of it; `attempts` has all the others.
 */

/** What a later runner reports of an attempt that an earlier one had given up is that attempt's end. */
export const INSERT_ATTEMPT = `
INSERT OR REPLACE INTO attempts (execution_seq, task_id, attempt, outcome, queued_at, started_at, ended_at, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

/** Those whose process ended under them; must precede what makes their tasks ready again. */
export const INSERT_LOST_ATTEMPTS = `
INSERT OR IGNORE INTO attempts (execution_seq, task_id, attempt, outcome, started_at, ended_at, error)
SELECT execution_seq, task_id, attempts, 'lost', started_at, ?, ?
FROM task_runs WHERE execution_seq = ? AND status = 'Running'`
