/** The SQL of cron schedules and their firings, the same for both databases. */

import { HAS_INCIDENT_OF_CRON } from './incident-sql.ts'
import { withNames } from './named.ts'

const COLUMNS = withNames(`
  id, workflow, expression, timezone, catchup, expect_fire_ms, overrides, tags, priority, enabled AS "isEnabled",
  next_run_at, last_run_at, last_scheduled_at, created_at, updated_at, trigger_name, undeclared_at, instance_name,
  params AS "paramsText"`)

const FIRING_COLUMNS = withNames(`
  cron_firings.id, crons.id AS "scheduleId", scheduled_at, claimed_at, execution_id, is_limited, recovery_attempts,
  claimed_at AS "createdAt", cron_firings.updated_at`)

/** Inserts nothing if the workflow has an instance of this name, or the trigger has a schedule. */
export const INSERT_CRON = `
INSERT INTO crons
  (id, workflow, expression, timezone, catchup, next_run_at, created_at, updated_at, expect_fire_ms, tags,
   priority, trigger_name, instance_name, params)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING`

/** Replaces the next run only if there is none or the timing changed. A row without a difference stays as it is. */
export const REFRESH_TRIGGER_CRON = `
UPDATE crons
SET next_run_at = CASE
      WHEN (expression, timezone) IS NOT DISTINCT FROM (CAST($2 AS text), CAST($3 AS text))
      THEN coalesce(next_run_at, CAST($5 AS bigint)) ELSE CAST($5 AS bigint) END,
    workflow = $1, expression = $2, timezone = $3, catchup = $4, updated_at = $6, expect_fire_ms = $7, tags = $8,
    priority = $9
WHERE trigger_name = $10
  AND ((workflow, expression, timezone, catchup, expect_fire_ms, tags, priority)
         IS DISTINCT FROM (CAST($1 AS text), CAST($2 AS text), CAST($3 AS text), CAST($4 AS text),
                           CAST($7 AS bigint), CAST($8 AS text), CAST($9 AS integer))
       OR next_run_at IS NULL AND CAST($5 AS bigint) IS NOT NULL)`

export const GET_CRON = `SELECT ${COLUMNS} FROM crons WHERE id = $1`

export const FIND_TRIGGER_OF_CRON = 'SELECT trigger_name AS "triggerName" FROM crons WHERE id = $1'

export const GET_TRIGGER_CRON = `SELECT ${COLUMNS} FROM crons WHERE trigger_name = $1`

export const FIND_CRONS_BY_NAME = `
SELECT ${COLUMNS} FROM crons WHERE trigger_name = $1 OR instance_name = $1 OR id = $1
ORDER BY created_at DESC, seq DESC LIMIT $2`

/** By a range of ids: SQLite cannot use the index for `LIKE`. */
export const FIND_CRONS_BY_PREFIX = `
SELECT ${COLUMNS} FROM crons WHERE id >= $1 AND id < $2 ORDER BY created_at DESC, seq DESC LIMIT $3`

/**
 * Condition: a polled trigger has taken over the name of an undeclared cron trigger. The polled trigger is declared, or
 * was not undeclared earlier than the cron trigger.
 */
export const IS_REPLACED_CRON = `(undeclared_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM triggers WHERE triggers.name = crons.trigger_name
    AND (triggers.undeclared_at IS NULL OR triggers.undeclared_at >= crons.undeclared_at)))`

/** Values: `enabledOnly`, `triggersOnly`, `scheduledOnly`, `troubledOnly` and `withoutReplaced`, and the page. */
export const LIST_CRONS = `
SELECT ${COLUMNS} FROM crons
WHERE (enabled OR NOT $1) AND (trigger_name IS NOT NULL OR NOT $2)
  AND (trigger_name IS NULL OR next_run_at IS NOT NULL OR NOT $3)
  AND (undeclared_at IS NOT NULL OR next_run_at IS NULL OR NOT $4)
  AND NOT ($5 AND ${IS_REPLACED_CRON})
ORDER BY created_at DESC, seq DESC LIMIT $6 OFFSET $7`

export const ENABLED_CRONS_BY_NEXT_RUN = `
SELECT ${COLUMNS} FROM crons WHERE enabled ORDER BY next_run_at NULLS LAST, seq`

export const UPDATE_CRON = `
UPDATE crons SET expression = $1, timezone = $2, next_run_at = $3, updated_at = $4 WHERE id = $5`

/** Nobody has changed the schedule, so its time of change stays, unless a clock that was ahead has set it. */
export const RESCHEDULE_CRON = `
UPDATE crons SET next_run_at = $1, updated_at = CASE WHEN updated_at > $2 THEN $2 ELSE updated_at END
WHERE id = $3 AND next_run_at = $4`

/** Changes the row only for the first engine that claims a run. */
export const CLAIM_CRON = `
UPDATE crons SET next_run_at = $1, last_run_at = $2, updated_at = $2, last_scheduled_at = next_run_at
WHERE id = $3 AND next_run_at = $4 AND enabled
RETURNING trigger_name AS "triggerName", ${HAS_INCIDENT_OF_CRON} AS "hasIncident"`

export const INSERT_CRON_FIRING = `
INSERT INTO cron_firings (id, cron_seq, scheduled_at, claimed_at, execution_id, updated_at, is_limited)
SELECT $1, seq, $2, $3, $4, $3, $6 FROM crons WHERE id = $5`

/** Inserts nothing if the time has a firing. Values: scheduled time, time of writing, schedule. */
export const INSERT_SCHEDULE_TIME = `
INSERT INTO schedule_times (cron_seq, scheduled_at, written_at)
SELECT seq, CAST($1 AS bigint), CAST($2 AS bigint) FROM crons WHERE id = $3 ON CONFLICT DO NOTHING`

/** Values: schedule, first time, end, number of times. */
export const LIST_SCHEDULE_TIMES = `
SELECT scheduled_at AS at FROM schedule_times
WHERE cron_seq = (SELECT seq FROM crons WHERE id = $1) AND scheduled_at >= $2 AND scheduled_at < $3
ORDER BY scheduled_at LIMIT $4`

/** Values: schedule, first time. */
export const FORGET_SCHEDULE_TIMES = `
DELETE FROM schedule_times WHERE cron_seq = (SELECT seq FROM crons WHERE id = $1) AND scheduled_at >= $2`

export const LIST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM crons JOIN cron_firings ON cron_seq = crons.seq
WHERE crons.id = $1 AND (claimed_at, cron_firings.seq) < ($2, $3)
ORDER BY claimed_at DESC, cron_firings.seq DESC LIMIT $4 OFFSET $5`

export const LOST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM cron_firings JOIN crons ON cron_seq = crons.seq
WHERE execution_id IS NULL AND NOT is_limited AND claimed_at BETWEEN $1 AND $2 AND recovery_attempts < $3
ORDER BY claimed_at, cron_firings.seq`

export const RECOVER_CRON_FIRING = `
UPDATE cron_firings SET recovery_attempts = recovery_attempts + 1, execution_id = $1, updated_at = $2
WHERE id = $3 AND execution_id IS NULL AND NOT is_limited
RETURNING (SELECT id FROM crons WHERE crons.seq = cron_seq) AS id,
          (SELECT trigger_name FROM crons WHERE crons.seq = cron_seq) AS "triggerName",
          (SELECT ${HAS_INCIDENT_OF_CRON} FROM crons WHERE crons.seq = cron_seq) AS "hasIncident"`

/** Values: id of a firing. */
export const LIMIT_CRON_FIRING = 'UPDATE cron_firings SET is_limited = true, execution_id = NULL WHERE id = $1'

export const CRON_STATS = `
SELECT count(*) AS total, count(execution_id) AS successful,
       count(*) FILTER (WHERE execution_id IS NULL AND NOT is_limited AND claimed_at < $1) AS lost
FROM cron_firings WHERE claimed_at >= $2`
