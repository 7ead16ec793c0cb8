/** The SQL of retention. Each text is one statement, named after what the store wants removed; `part` is a table, quoted. */

/** Several engines may remove at one time: what another is removing is passed over. Values: before when, how many, which outcomes. */
export const pruneTicks = (part: string): string => `
DELETE FROM ${part} WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM ${part} WHERE outcome = ANY ($3::text[]) AND last_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`

export const PRUNE_OPEN_SKIPS = `
UPDATE triggers
SET skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
    skip_duration_ms = NULL, skip_reason = NULL, skip_log = NULL
WHERE seq IN (SELECT seq FROM triggers WHERE skip_count > 0 AND skip_last_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`

export const PRUNE_ACTIONS = `
DELETE FROM actions WHERE seq IN (SELECT seq FROM actions WHERE created_at < $1 ORDER BY created_at LIMIT $2)`

export const PRUNE_ALERTS = `
DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE raised_at < $1 ORDER BY raised_at LIMIT $2)`

/** Values: before when, how many, in which status; null: in any. */
export const oldExecutions = (part: string): string => `
SELECT seq, firing_id FROM ${part}
WHERE ended_at < $1 AND ($3::text IS NULL OR status = $3) ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED`

export const COUNT_OLD_EXECUTIONS = `
SELECT count(*) AS old FROM executions WHERE ended_at < $1 AND ($2::text IS NULL OR status = $2)`

export const DELETE_LOG_PIECES = `
DELETE FROM attempt_logs WHERE (execution_seq, piece) IN (
  SELECT execution_seq, piece FROM attempt_logs WHERE execution_seq = ANY ($1::bigint[]) LIMIT $2)`

/** With all that is stored by their `seq`. */
export const DELETE_EXECUTIONS: readonly string[] = [
  'DELETE FROM executions WHERE seq = ANY ($1::bigint[])',
  ...['execution_inputs', 'execution_finals', 'task_runs', 'task_outputs', 'attempts', 'attempt_logs'].map(
    (table) => `DELETE FROM ${table} WHERE execution_seq = ANY ($1::bigint[])`,
  ),
]

/** With their ticks, which have the same instant: that has an index. */
export const DELETE_FIRINGS = `
WITH removed AS (DELETE FROM firings WHERE id = ANY ($1::text[]) RETURNING id, fired_at)
DELETE FROM ticks USING removed
WHERE ticks.outcome = 'fired' AND ticks.last_at = removed.fired_at AND ticks.firing_id = removed.id`

export const DELETE_CRON_FIRINGS = 'DELETE FROM cron_firings WHERE id = ANY ($1::text[])'

export const OLD_FIRINGS_WITHOUT_RUN = `
SELECT id FROM firings WHERE execution_id IS NULL AND completed_at < $1 ORDER BY completed_at LIMIT $2 FOR UPDATE SKIP LOCKED`

export const PRUNE_CRON_FIRINGS_WITHOUT_RUN = `
DELETE FROM cron_firings c USING (
  SELECT claimed_at, seq FROM cron_firings WHERE execution_id IS NULL AND claimed_at < $1 ORDER BY claimed_at LIMIT $2
) g WHERE c.claimed_at = g.claimed_at AND c.seq = g.seq AND c.claimed_at < $1`
