/** The SQL of retention. Each text is one statement, named after what the store wants removed. */

export const PRUNE_TICKS = `
DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE outcome = ? AND last_at < ? ORDER BY last_at LIMIT ?)`

export const PRUNE_OPEN_SKIPS = `
UPDATE triggers
SET skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
    skip_duration_ms = NULL, skip_reason = NULL
WHERE seq IN (SELECT seq FROM triggers WHERE skip_count > 0 AND skip_last_at < ? LIMIT ?)`

/** Together with the task runs and contexts, by the foreign keys. */
export const DELETE_EXECUTION = 'DELETE FROM executions WHERE seq = ?'

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

export const GET_FIRING = 'SELECT seq, id, fired_at FROM firings WHERE id = ?'

export const DELETE_FIRING = 'DELETE FROM firings WHERE seq = ?'

/** By the instant first: that has an index. */
export const DELETE_FIRING_TICK = "DELETE FROM ticks WHERE outcome = 'fired' AND last_at = ? AND firing_id = ?"

export const DELETE_CRON_FIRING = 'DELETE FROM cron_firings WHERE id = ?'

export const OLD_FIRINGS_WITHOUT_RUN = `
SELECT seq, id, fired_at FROM firings WHERE execution_id IS NULL AND completed_at < ? ORDER BY completed_at LIMIT ?`

export const PRUNE_CRON_FIRINGS_WITHOUT_RUN = `
DELETE FROM cron_firings WHERE seq IN (
  SELECT seq FROM cron_firings WHERE execution_id IS NULL AND claimed_at < ? ORDER BY claimed_at LIMIT ?)`

/**
 * Ticks that earlier versions kept beyond their firing. They are the oldest: only so many are looked at, however many
 * there are of firings that are kept.
 */
export const PRUNE_ORPHANED_TICKS = `
DELETE FROM ticks WHERE seq IN (
  SELECT seq FROM (SELECT seq, firing_id FROM ticks WHERE outcome = 'fired' AND last_at < ? ORDER BY last_at LIMIT ?) oldest
  WHERE NOT EXISTS (SELECT 1 FROM firings WHERE firings.id = oldest.firing_id))`

export const GET_HOLD = 'SELECT announced_at FROM retention_hold'

export const ANNOUNCE_HOLD = 'UPDATE retention_hold SET announced_at = ?'

export const END_HOLD = 'DELETE FROM retention_hold'

export const COUNT_OLD_EXECUTIONS = 'SELECT count(*) AS old FROM executions WHERE ended_at < ?'
