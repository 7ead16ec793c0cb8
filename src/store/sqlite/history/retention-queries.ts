/** The SQL of retention. Each text is one statement, named after what the store wants removed. */

export const PRUNE_TICKS = `
DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE outcome = ? AND last_at < ? ORDER BY last_at LIMIT ?)`

export const PRUNE_OPEN_SKIPS = `
UPDATE triggers
SET skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
    skip_duration_ms = NULL, skip_reason = NULL
WHERE seq IN (SELECT seq FROM triggers WHERE skip_count > 0 AND skip_last_at < ? LIMIT ?)`

/** Value of each statement: the `seq` of the execution. */
export const DELETE_EXECUTION: readonly string[] = [
  'DELETE FROM executions WHERE seq = ?',
  ...['execution_inputs', 'execution_finals', 'task_runs', 'attempts', 'attempt_logs'].map(
    (table) => `DELETE FROM ${table} WHERE execution_seq = ?`,
  ),
]

export const DELETE_LOG_PIECES = `
DELETE FROM attempt_logs
WHERE execution_seq = ? AND piece IN (SELECT piece FROM attempt_logs WHERE execution_seq = ? ORDER BY piece LIMIT ?)`

export const OLD_EXECUTIONS = `
SELECT seq, firing_id FROM executions WHERE ended_at < ? ORDER BY ended_at LIMIT ?`

/** By creation, which precedes the end: those in other statuses are not looked at, however many are older. */
export const OLD_EXECUTIONS_IN_STATUS = `
SELECT seq, firing_id FROM executions
WHERE status = ? AND created_at < ? AND ended_at < ? ORDER BY created_at LIMIT ?`

export const COUNT_OLD_EXECUTIONS_IN_STATUS = `
SELECT count(*) AS old FROM executions WHERE status = ? AND created_at < ? AND ended_at < ?`

export const GET_FIRING = 'SELECT id, fired_at FROM firings WHERE id = ?'

export const DELETE_FIRING = 'DELETE FROM firings WHERE id = ?'

/** By the instant first: that has an index. */
export const DELETE_FIRING_TICK = "DELETE FROM ticks WHERE outcome = 'fired' AND last_at = ? AND firing_id = ?"

export const DELETE_CRON_FIRING = 'DELETE FROM cron_firings WHERE id = ?'

export const OLD_FIRINGS_WITHOUT_RUN = `
SELECT id, fired_at FROM firings WHERE execution_id IS NULL AND completed_at < ? ORDER BY completed_at LIMIT ?`

export const PRUNE_CRON_FIRINGS_WITHOUT_RUN = `
DELETE FROM cron_firings WHERE seq IN (
  SELECT seq FROM cron_firings WHERE execution_id IS NULL AND claimed_at < ? ORDER BY claimed_at LIMIT ?)`

export const COUNT_OLD_EXECUTIONS = 'SELECT count(*) AS old FROM executions WHERE ended_at < ?'
