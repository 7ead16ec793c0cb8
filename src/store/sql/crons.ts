/** The SQL of cron schedules and their firings, the same for both databases. */

import { named } from './named.ts'

const COLUMNS = named(`
  id, workflow, expression, timezone, catchup, overrides, enabled AS "isEnabled", next_run_at, last_run_at,
  last_scheduled_at, created_at, updated_at, trigger_name, undeclared_at, instance_name, params AS "paramsText"`)

const FIRING_COLUMNS = named(`
  cron_firings.id, crons.id AS "scheduleId", scheduled_at, claimed_at, execution_id, recovery_attempts,
  claimed_at AS "createdAt", cron_firings.updated_at`)

/** Inserts nothing if the workflow has an instance of this name, or the trigger has a schedule. */
export const INSERT_CRON = `
INSERT INTO crons
  (id, workflow, expression, timezone, catchup, next_run_at, created_at, updated_at, trigger_name, instance_name,
   params)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)
ON CONFLICT DO NOTHING`

/** Replaces the next run only if there is none or the timing changed. A row without a difference stays as it is. */
export const REFRESH_TRIGGER_CRON = `
UPDATE crons
SET next_run_at = CASE
      WHEN (expression, timezone) IS NOT DISTINCT FROM (CAST($2 AS text), CAST($3 AS text))
      THEN coalesce(next_run_at, CAST($5 AS bigint)) ELSE CAST($5 AS bigint) END,
    workflow = $1, expression = $2, timezone = $3, catchup = $4, updated_at = $6
WHERE trigger_name = $7
  AND ((workflow, expression, timezone, catchup)
         IS DISTINCT FROM (CAST($1 AS text), CAST($2 AS text), CAST($3 AS text), CAST($4 AS text))
       OR next_run_at IS NULL AND CAST($5 AS bigint) IS NOT NULL)`

export const GET_CRON = `SELECT ${COLUMNS} FROM crons WHERE id = $1`

export const GET_TRIGGER_CRON = `SELECT ${COLUMNS} FROM crons WHERE trigger_name = $1`

export const FIND_CRONS_BY_NAME = `
SELECT ${COLUMNS} FROM crons WHERE trigger_name = $1 OR instance_name = $1 OR id = $1
ORDER BY created_at DESC, seq DESC LIMIT $2`

/** By a range of ids: SQLite cannot use the index for `LIKE`. */
export const FIND_CRONS_BY_PREFIX = `
SELECT ${COLUMNS} FROM crons WHERE id >= $1 AND id < $2 ORDER BY created_at DESC, seq DESC LIMIT $3`

export const LIST_CRONS = `
SELECT ${COLUMNS} FROM crons WHERE enabled OR NOT $1 ORDER BY created_at DESC, seq DESC LIMIT $2 OFFSET $3`

export const ENABLED_CRONS_BY_NEXT_RUN = `
SELECT ${COLUMNS} FROM crons WHERE enabled ORDER BY next_run_at NULLS LAST, seq`

export const UPDATE_CRON = `
UPDATE crons SET expression = $1, timezone = $2, next_run_at = $3, updated_at = $4 WHERE id = $5`

/** Changes the row only for the first engine that claims a run. */
export const CLAIM_CRON = `
UPDATE crons SET next_run_at = $1, last_run_at = $2, updated_at = $2, last_scheduled_at = next_run_at
WHERE id = $3 AND next_run_at = $4 AND enabled
RETURNING trigger_name AS "triggerName"`

export const INSERT_CRON_FIRING = `
INSERT INTO cron_firings (id, cron_seq, scheduled_at, claimed_at, execution_id, updated_at)
SELECT $1, seq, $2, $3, $4, $3 FROM crons WHERE id = $5`

/** The page that starts after a place in the order. */
export const LIST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM crons JOIN cron_firings ON cron_seq = crons.seq
WHERE crons.id = $1 AND (claimed_at, cron_firings.seq) < ($2, $3)
ORDER BY claimed_at DESC, cron_firings.seq DESC LIMIT $4 OFFSET $5`

export const LOST_CRON_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM cron_firings JOIN crons ON cron_seq = crons.seq
WHERE execution_id IS NULL AND claimed_at BETWEEN $1 AND $2 AND recovery_attempts < $3
ORDER BY claimed_at, cron_firings.seq`

export const RECOVER_CRON_FIRING = `
UPDATE cron_firings SET recovery_attempts = recovery_attempts + 1, execution_id = $1, updated_at = $2
WHERE id = $3 AND execution_id IS NULL
RETURNING (SELECT id FROM crons WHERE crons.seq = cron_seq) AS id,
          (SELECT trigger_name FROM crons WHERE crons.seq = cron_seq) AS "triggerName"`

export const CRON_STATS = `
SELECT count(*) AS total, count(execution_id) AS successful,
       count(*) FILTER (WHERE execution_id IS NULL AND claimed_at < $1) AS lost
FROM cron_firings WHERE claimed_at >= $2`
