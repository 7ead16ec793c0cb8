/** The SQL of triggers, their firings and their ticks. */

import type { Fragments } from './fragments.ts'
import { named } from './named.ts'

const TRIGGER_COLUMNS = named(`
  id, name, workflow, poll_interval_ms, allow_concurrent, policy, overrides, enabled AS "isEnabled", note,
  failures_in_row, created_at, updated_at, last_poll_at, undeclared_at`)

export const GET_TRIGGER = `SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE name = $1`

export const LIST_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE enabled OR NOT $1 ORDER BY created_at DESC, seq DESC LIMIT $2 OFFSET $3`

export const FIND_TRIGGER_SEQ = 'SELECT seq FROM triggers WHERE name = $1'

// -- polls

/** Stores the open run of skips as a tick. Must precede `END_SKIPS`. */
export const CLOSE_SKIPS = `
INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, log)
SELECT skip_tick_id, seq, 'skipped', skip_first_at, skip_last_at, skip_count, skip_lateness_ms, skip_duration_ms,
       skip_reason, skip_log
FROM triggers WHERE name = $1 AND skip_count > 0`

/** Values of a trigger without an open run of skips. */
export const NO_SKIPS = `
  skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
  skip_duration_ms = NULL, skip_reason = NULL, skip_log = NULL`

export const END_SKIPS = `UPDATE triggers SET ${NO_SKIPS} WHERE name = $1 AND skip_count > 0`

/** Several processes may report polls of one trigger, in any order: the time of the last poll never decreases. */
export const SET_LAST_POLL = `
UPDATE triggers
SET last_poll_at = CASE WHEN last_poll_at > $1 THEN last_poll_at ELSE $1 END, failures_in_row = 0,
    is_firing = is_firing OR $2
WHERE seq = $3`

export const INSERT_TICK = `
INSERT INTO ticks
  (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error,
   log)
VALUES ($1, $2, $3, $4, $4, 1, $5, $6, $7, $8, $9, $10, $11)`

export const FIND_ACTIVE_FIRING = `
SELECT id, execution_id FROM active_firings WHERE trigger_seq = $1 AND context_hash = $2 LIMIT 1`

// -- lists

export const ALL_FIRINGS = `(
  SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at FROM firings
  UNION ALL
  SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, CAST(NULL AS bigint) FROM active_firings
) f`

/**
 * The page after a place in the order. The active firings of a trigger are few, and are sorted. SQLite 3.50:
 *
 *   MERGE (UNION ALL)
 *   SEARCH firings USING INDEX firings_by_trigger (trigger_seq=? AND fired_at<?)
 *   SEARCH active_firings USING INDEX active_firings_by_context (trigger_seq=?)
 *   USE TEMP B-TREE FOR ORDER BY
 */
export const LIST_FIRINGS = `
SELECT f.id, (SELECT triggers.id FROM triggers WHERE triggers.seq = $1) AS "triggerId",
       ${named('context_hash, execution_id, completed_at')}, fired_at AS "startedAt", fired_at AS "createdAt"
FROM ${ALL_FIRINGS}
WHERE trigger_seq = $1 AND (fired_at, seq) < ($2, $3) ORDER BY fired_at DESC, seq DESC LIMIT $4 OFFSET $5`

/** The open run of skips, which is the newest tick of its trigger. `column`: another column, or none. */
export const openSkips = (condition: string, column = ''): string => `
SELECT 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_first_at AS "firstAt", skip_last_at AS "lastAt",
       skip_count AS count, skip_lateness_ms AS "latenessMs", skip_duration_ms AS "durationMs", skip_reason AS reason,
       NULL AS "firingId", NULL AS "executionId", NULL AS error, skip_log IS NOT NULL AS "hasLog"${column}
FROM triggers WHERE skip_count > 0 AND ${condition}`

export const OPEN_SKIPS = openSkips('seq = $1')

export const TICK_COLUMNS = named(`
  seq, id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error,
  log IS NOT NULL AS "hasLog"`)

/** The tick that ended at a time or later, and may have begun before it. */
export const TICK_ACROSS = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = $1 AND last_at >= $2 ORDER BY last_at, seq LIMIT 1`

/** The page of ticks that ended in a period, and after a place in the order. */
const listTicks = (condition: string): string => `
SELECT ${TICK_COLUMNS} FROM ticks
WHERE trigger_seq = $1 AND last_at >= $2 AND last_at < $3 AND (last_at, seq) < ($4, $5) ${condition}
ORDER BY last_at DESC, seq DESC LIMIT $6 OFFSET $7`

export const LIST_TICKS = listTicks('')

export const LIST_TICKS_OF_OUTCOME = listTicks('AND outcome = $8')

export function triggerSql({ lock }: Fragments) {
  return {
    lockOverrides: `SELECT overrides FROM triggers WHERE name = $1 ${lock('triggers')}`,
    /** The columns that decide about the firings of a trigger. */
    lockForPoll: `
SELECT seq, lease_number, is_firing, failures_in_row, skip_count FROM triggers WHERE name = $1 ${lock('triggers')}`,
  }
}

/** Statements that each database has in a form of its own. */
export interface OwnTriggerSql {
  /**
   * For `each`, values: id, name, workflow, interval in ms, whether firings may overlap, policy; common: the time.
   * Changes an existing row only if something differs.
   */
  readonly save: string
  /** The triggers with these names, in the order of the names. */
  readonly get: string
  /**
   * For `eachHit`, values: name, id, time of the first and last skip, number, lateness in ms, duration in ms, reason,
   * log, whether the trigger is firing. Changes nothing if the open run has another reason, or no trigger has the name.
   */
  readonly extendSkips: string
  /** Values: id, trigger, hash of the context, execution, time. Follows the insertion of its tick. */
  readonly insertActiveFiring: string
  /** Inserts a firing without an execution, which is completed immediately. Values: id, trigger, hash, time. */
  readonly insertFiring: string
}

export function triggersBy(names: string): string {
  return `SELECT ${TRIGGER_COLUMNS} FROM ${names}`
}
