/** The SQL of backfills and refires, the same for both databases. */

import { withNames } from './named.ts'
import { ALL_FIRINGS } from './trigger-sql.ts'

const ACTIVE_IN_BATCH = `
  SELECT count(*) FROM active_executions WHERE firing_id = batches.id AND origin IN ('backfill', 'refire')`

const COLUMNS = `${withNames(`
  id, kind, schedule_id, trigger_name AS trigger, workflow, expression, timezone, from_at, to_at, again,
  execution_status, max_active, status, cursor_at, cursor_seq, total, started, left_out, created_at, ended_at`)},
  (${ACTIVE_IN_BATCH}) AS active`

/** Inserts nothing if the schedule of a backfill, or the polled trigger of a refire, does not exist. */
export const INSERT_BATCH = `
INSERT INTO batches
  (id, kind, status, schedule_id, trigger_name, workflow, expression, timezone, from_at, to_at, again,
   execution_status, max_active, cursor_at, cursor_seq, total, created_at)
SELECT $1, $2, 'running', CAST($3 AS text), CAST($4 AS text), $5, $6, $7, CAST($8 AS bigint), CAST($9 AS bigint), $10,
       $11, CAST($12 AS bigint), CAST($13 AS bigint), CAST($14 AS bigint), CAST($15 AS bigint), CAST($16 AS bigint)
WHERE EXISTS (SELECT 1 FROM crons WHERE id = CAST($3 AS text))
   OR CAST($3 AS text) IS NULL AND EXISTS (SELECT 1 FROM triggers WHERE name = CAST($4 AS text))`

/** By a range of ids: SQLite cannot use the index for `LIKE`. */
export const FIND_BATCHES = `
SELECT ${COLUMNS} FROM batches WHERE kind = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4`

export const FIND_BATCH_PLACE = 'SELECT created_at AS at, seq FROM batches WHERE id = $1'

export const LIST_BATCHES = `
SELECT ${COLUMNS} FROM batches
WHERE kind = $1 AND (CAST($2 AS text) IS NULL OR schedule_id = $2) AND (CAST($3 AS text) IS NULL OR trigger_name = $3)
  AND seq < $4
ORDER BY seq DESC LIMIT $5 OFFSET $6`

export const LIST_RUNNING_BATCHES = `SELECT ${COLUMNS} FROM batches WHERE status = 'running' ORDER BY seq`

/** Values: id, new status, end or null, and whether it may be running, paused. */
export const SET_BATCH_STATUS = `
UPDATE batches SET status = $2, ended_at = CAST($3 AS bigint)
WHERE id = $1 AND (status = 'running' AND $4 OR status = 'paused' AND $5)`

/** Values: end, id of a schedule or name of a trigger. */
export const CANCEL_BATCHES = `
UPDATE batches SET status = 'cancelled', ended_at = $1
WHERE (schedule_id = $2 OR trigger_name = $2) AND status IN ('running', 'paused')`

/** Values: id, new cursor, cursor that was read, number of starts, number of left out times or firings. */
export const ADVANCE_BATCH = `
UPDATE batches
SET cursor_at = $2, cursor_seq = $3, started = started + $6, left_out = left_out + $7
WHERE id = $1 AND status = 'running' AND cursor_at = $4 AND cursor_seq = $5
  AND (${ACTIVE_IN_BATCH}) + $6 <= max_active
RETURNING schedule_id AS "scheduleId", again`

/** Values: id, number of starts that were left out. */
export const LEAVE_OUT_STARTS = `
UPDATE batches SET started = started - $2, left_out = left_out + $2 WHERE id = $1`

/** Values: id, cursor that was read, end. */
export const COMPLETE_BATCH = `
UPDATE batches SET status = 'completed', ended_at = $4
WHERE id = $1 AND status = 'running' AND cursor_at = $2 AND cursor_seq = $3 AND (${ACTIVE_IN_BATCH}) = 0`

export const LIST_ACTIVE_IN_BATCH = `
SELECT id FROM active_executions WHERE firing_id = $1 AND origin IN ('backfill', 'refire') ORDER BY created_at, id`

/** Values: trigger, end, place of a firing, number of firings. */
export const LIST_FIRINGS_AFTER = `
SELECT f.id, f.seq, fired_at AS at, execution_id AS "executionId" FROM ${ALL_FIRINGS}
WHERE trigger_seq = (SELECT triggers.seq FROM triggers WHERE name = $1) AND fired_at < $2 AND fired_at >= $3
  AND (fired_at, f.seq) > ($3, $4)
ORDER BY fired_at, f.seq LIMIT $5`

/** Deletes fired times of a schedule. `condition`: its `cron_seq`, by a value $1. Value $2: number of times. */
export function deleteScheduleTimes(condition: string): string {
  return `
DELETE FROM schedule_times WHERE (cron_seq, scheduled_at) IN (
  SELECT cron_seq, scheduled_at FROM schedule_times WHERE ${condition} LIMIT $2)`
}
