/** The SQL of attempts. Each text is one statement, named after what the store wants done. */

/** What a later runner reports of an attempt that an earlier one had given up is that attempt's end. Values: a list for each column. */
export const INSERT_ATTEMPTS = `
INSERT INTO attempts (execution_seq, task_id, attempt, outcome, queued_at, started_at, ended_at, error)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
ON CONFLICT (execution_seq, task_id, attempt) DO UPDATE
SET outcome = excluded.outcome, queued_at = excluded.queued_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
    error = excluded.error`

/** Those whose process ended under them; must precede what makes their tasks ready again. */
export const INSERT_LOST_ATTEMPTS = `
INSERT INTO attempts (execution_seq, task_id, attempt, outcome, started_at, ended_at, error)
SELECT execution_seq, task_id, attempts, 'lost', started_at, $1, $2
FROM task_runs WHERE execution_seq = ANY ($3::bigint[]) AND status = 'Running'
ON CONFLICT DO NOTHING`
