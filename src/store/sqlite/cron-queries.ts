/** The SQL of cron schedules and their firings. Each text is one statement, named after what the store wants done. */

const COLUMNS =
  'id, workflow, expression, timezone, catchup, overrides, enabled, next_run_at, last_run_at, last_scheduled_at, created_at, updated_at, ' +
  'trigger_name, undeclared_at, instance_name, params'

const FIRING_COLUMNS =
  'cron_firings.id, crons.id AS cron_id, scheduled_at, claimed_at, execution_id, recovery_attempts, ' +
  'cron_firings.updated_at'

/** Changes nothing when the instance or the trigger has one. */
export const INSERT_CRON = `
INSERT INTO crons (id, workflow, expression, timezone, catchup, next_run_at, created_at, updated_at, trigger_name,
                   instance_name, params)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`

/** Replaces the next run only if there is none or the timing changed. A row without a difference stays as it is. */
export const REFRESH_TRIGGER_CRON = `
WITH declared (workflow, expression, timezone, catchup, next_run_at, at) AS (VALUES (?, ?, ?, ?, ?, ?))
UPDATE crons
SET next_run_at = iif((crons.expression, crons.timezone) IS (declared.expression, declared.timezone),
                      coalesce(crons.next_run_at, declared.next_run_at), declared.next_run_at),
    workflow = declared.workflow, expression = declared.expression, timezone = declared.timezone,
    catchup = declared.catchup, updated_at = declared.at
FROM declared
WHERE trigger_name = ?
  AND ((crons.workflow, crons.expression, crons.timezone, crons.catchup)
      IS NOT (declared.workflow, declared.expression, declared.timezone, declared.catchup)
    OR crons.next_run_at IS NULL AND declared.next_run_at IS NOT NULL)`

export const GET_CRON = `SELECT ${COLUMNS} FROM crons WHERE id = ?`

export const GET_TRIGGER_CRON = `SELECT ${COLUMNS} FROM crons WHERE trigger_name = ?`

export const FIND_CRONS_BY_NAME = `
SELECT ${COLUMNS} FROM crons WHERE trigger_name = ? OR instance_name = ? OR id = ?
ORDER BY created_at DESC, seq DESC LIMIT ?`

export const FIND_CRONS_BY_PREFIX = `
SELECT ${COLUMNS} FROM crons WHERE id >= ? AND id < ? ORDER BY created_at DESC, seq DESC LIMIT ?`

export const LIST_CRONS = `SELECT ${COLUMNS} FROM crons ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?`

export const LIST_ENABLED_CRONS = `
SELECT ${COLUMNS} FROM crons WHERE enabled = 1 ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?`

export const ENABLED_CRONS_BY_NEXT_RUN = `
SELECT ${COLUMNS} FROM crons WHERE enabled = 1 ORDER BY next_run_at IS NULL, next_run_at, seq`

export const UPDATE_CRON = `
UPDATE crons SET expression = ?, timezone = ?, next_run_at = ?, updated_at = ? WHERE id = ?`

export const RESCHEDULE_CRON = 'UPDATE crons SET next_run_at = ?, updated_at = ? WHERE id = ? AND next_run_at = ?'

export const SET_CRON_OVERRIDES = 'UPDATE crons SET overrides = ?, updated_at = ? WHERE trigger_name = ?'

export const SET_CRON_ENABLED = 'UPDATE crons SET enabled = ?, updated_at = ? WHERE id = ?'

export const DELETE_CRON = 'DELETE FROM crons WHERE id = ?'

// -- firings

/** The claim itself: of several claimers of one instant, one changes the row. */
export const CLAIM_CRON = `
UPDATE crons SET next_run_at = ?, last_run_at = ?, updated_at = ?, last_scheduled_at = next_run_at
WHERE id = ? AND next_run_at = ? AND enabled = 1
RETURNING trigger_name`

export const INSERT_CRON_FIRING = `
INSERT INTO cron_firings (id, cron_seq, scheduled_at, claimed_at, execution_id, updated_at)
SELECT ?, seq, ?, ?, ?, ? FROM crons WHERE id = ?`

export const LIST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM crons JOIN cron_firings ON cron_seq = crons.seq
WHERE crons.id = ? ORDER BY claimed_at DESC, cron_firings.seq DESC LIMIT ? OFFSET ?`

export const LIST_CRON_FIRINGS_BEHIND = `
SELECT ${FIRING_COLUMNS} FROM crons JOIN cron_firings ON cron_seq = crons.seq
WHERE crons.id = ? AND (claimed_at, cron_firings.seq) < (SELECT claimed_at, seq FROM cron_firings WHERE id = ?)
ORDER BY claimed_at DESC, cron_firings.seq DESC LIMIT ? OFFSET ?`

export const LOST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM cron_firings JOIN crons ON cron_seq = crons.seq
WHERE execution_id IS NULL AND claimed_at BETWEEN ? AND ? AND recovery_attempts < ?
ORDER BY claimed_at, cron_firings.seq`

export const RECOVER_CRON_FIRING = `
UPDATE cron_firings SET recovery_attempts = recovery_attempts + 1, execution_id = ?, updated_at = ?
WHERE id = ? AND execution_id IS NULL`

export const FIND_CRON_OF_FIRING = `
SELECT crons.id, trigger_name FROM cron_firings JOIN crons ON cron_seq = crons.seq WHERE cron_firings.id = ?`

export const CRON_STATS = `
SELECT count(*) AS total, count(execution_id) AS successful,
       count(*) FILTER (WHERE execution_id IS NULL AND claimed_at < ?) AS lost
FROM cron_firings WHERE claimed_at >= ?`
