/** The SQL of triggers, their firings and their ticks. */

import { POLLS_WRITTEN_WITHIN_MS } from '../../model/trigger.ts'
import { IS_REPLACED_CRON } from './cron-sql.ts'
import { HAS_INCIDENT_OF_TRIGGER } from './incident-sql.ts'
import { withNames } from './named.ts'
import type { Fragments } from './sql-fragments.ts'

const TRIGGER_COLUMNS = withNames(`
  id, name, workflow, poll_interval_ms, allow_concurrent, policy, overrides, tags,
  priority, initial_state IS NOT NULL AS "takesState", enabled AS "isEnabled", note, failures_in_row,
  (SELECT count(*) FROM active_executions WHERE waits_for = 'trigger:' || triggers.name) AS "waitingExecutions",
  created_at, updated_at, last_poll_at, undeclared_at`)

export const GET_TRIGGER = `SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE name = $1`

/**
 * Condition: a cron trigger has taken over the name of an undeclared polled trigger. The cron trigger is declared, or
 * was undeclared later than the polled trigger.
 */
const IS_REPLACED = `(undeclared_at IS NOT NULL AND EXISTS (
  SELECT 1 FROM crons WHERE crons.trigger_name = triggers.name
    AND (crons.undeclared_at IS NULL OR crons.undeclared_at > triggers.undeclared_at)))`

/** Values: `enabledOnly` of the filter, the page, `troubledAt` or null, and `withoutReplaced`. */
export const LIST_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers
WHERE (enabled OR NOT $1) AND (CAST($4 AS bigint) IS NULL OR undeclared_at IS NOT NULL OR enabled AND (
  failures_in_row > 0 OR overrides LIKE '%"pollIntervalMs"%'
  OR $4 - coalesce(last_poll_at, created_at) > 2 * poll_interval_ms + ${POLLS_WRITTEN_WITHIN_MS}
     AND NOT EXISTS (SELECT 1 FROM active_executions WHERE waits_for = 'trigger:' || triggers.name)))
  AND NOT ($5 AND ${IS_REPLACED})
ORDER BY created_at DESC, seq DESC LIMIT $2 OFFSET $3`

export const COUNT_TRIGGERS = `
SELECT count(*) AS "all", count(*) FILTER (WHERE enabled) AS enabled
FROM (
  SELECT enabled FROM triggers WHERE NOT ${IS_REPLACED}
  UNION ALL
  SELECT enabled FROM crons WHERE trigger_name IS NOT NULL AND NOT ${IS_REPLACED_CRON}
) t`

export const FIND_TRIGGER_SEQ = 'SELECT seq FROM triggers WHERE name = $1'

/** Stores the open run of skips as a tick. Must precede `END_SKIPS`. */
export const CLOSE_SKIPS = `
INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, log)
SELECT skip_tick_id, seq, 'skipped', skip_first_at, skip_last_at, skip_count, skip_lateness_ms, skip_duration_ms,
       skip_reason, skip_log
FROM triggers WHERE name = $1 AND skip_count > 0`

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

export const COUNT_FAILURE = 'UPDATE triggers SET failures_in_row = $1 WHERE seq = $2'

export const INSERT_TICK = `
INSERT INTO ticks
  (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error,
   log, firings, duplicates, state_before, state_after)
VALUES ($1, $2, $3, $4, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

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
       ${withNames('context_hash, execution_id, completed_at')}, fired_at AS "startedAt", fired_at AS "createdAt"
FROM ${ALL_FIRINGS}
WHERE trigger_seq = $1 AND (fired_at, seq) < ($2, $3) ORDER BY fired_at DESC, seq DESC LIMIT $4 OFFSET $5`

/** The open run of skips, which is the newest tick of its trigger. `column`: another column, or none. */
export const openSkips = (condition: string, column = ''): string => `
SELECT 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_first_at AS "firstAt", skip_last_at AS "lastAt",
       skip_count AS count, skip_lateness_ms AS "latenessMs", skip_duration_ms AS "durationMs", skip_reason AS reason,
       NULL AS "firingId", NULL AS "executionId", NULL AS error, 0 AS firings, 0 AS duplicates,
       skip_log IS NOT NULL AS "hasLog", false AS "changesState"${column}
FROM triggers WHERE skip_count > 0 AND ${condition}`

export const OPEN_SKIPS = openSkips('seq = $1')

export const TICK_COLUMNS = withNames(`
  seq, id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error,
  firings, duplicates, log IS NOT NULL AS "hasLog", state_after IS NOT NULL AS "changesState"`)

export const TICK_ACROSS = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = $1 AND last_at >= $2 ORDER BY last_at, seq LIMIT 1`

const listTicks = (condition: string): string => `
SELECT ${TICK_COLUMNS} FROM ticks
WHERE trigger_seq = $1 AND last_at >= $2 AND last_at < $3 AND (last_at, seq) < ($4, $5) ${condition}
ORDER BY last_at DESC, seq DESC LIMIT $6 OFFSET $7`

export const LIST_TICKS = listTicks('')

export const LIST_TICKS_OF_OUTCOME = listTicks('AND outcome = $8')

const DECLARED_COLUMNS =
  'id text, name text, workflow text, poll_interval_ms bigint, allow_concurrent boolean, policy text, ' +
  'initial_state text, tags text, priority bigint, created_at bigint, updated_at bigint'

const SKIP_COLUMNS =
  'name text, id text, first_at bigint, last_at bigint, count bigint, lateness_ms bigint, duration_ms bigint, ' +
  'reason text, log text, is_firing boolean'

export function triggerSql({ insertRows, isIn, lock, updateHits }: Fragments) {
  const larger = (column: string, value: string) =>
    `CASE WHEN ${value} > coalesce(${column}, -1) THEN ${value} ELSE ${column} END`
  return {
    lockOverrides: `SELECT overrides FROM triggers WHERE name = $1 ${lock('triggers')}`,
    lockForPoll: `
SELECT seq, lease_number, enabled, is_firing, failures_in_row, skip_count, ${HAS_INCIDENT_OF_TRIGGER} AS has_incident
FROM triggers WHERE name = $1 ${lock('triggers')}`,
    /** Changes an existing row only if something differs. */
    save: `
${insertRows('triggers', DECLARED_COLUMNS)}
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, initial_state = excluded.initial_state,
    tags = excluded.tags, priority = excluded.priority, updated_at = excluded.updated_at
WHERE (triggers.workflow, triggers.poll_interval_ms, triggers.allow_concurrent, triggers.policy, triggers.initial_state,
       triggers.tags, triggers.priority)
   IS DISTINCT FROM (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy,
                     excluded.initial_state, excluded.tags, excluded.priority)`,
    get: `SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE ${isIn('name', '$1', 'text')}`,
    /** Changes nothing if the open run has another reason, or no trigger has the name. */
    extendSkips: updateHits(
      'triggers',
      SKIP_COLUMNS,
      (given) => `
    skip_tick_id = CASE WHEN skip_count = 0 THEN ${given('id')} ELSE skip_tick_id END,
    skip_first_at = CASE WHEN skip_count = 0 THEN ${given('first_at')} ELSE skip_first_at END,
    skip_last_at = ${given('last_at')}, skip_count = skip_count + ${given('count')},
    skip_lateness_ms = ${larger('skip_lateness_ms', given('lateness_ms'))},
    skip_duration_ms = ${larger('skip_duration_ms', given('duration_ms'))},
    skip_reason = ${given('reason')}, skip_log = coalesce(${given('log')}, skip_log),
    last_poll_at = ${larger('last_poll_at', given('last_at'))}, failures_in_row = 0,
    is_firing = ${given('is_firing')}`,
      (given) => `
triggers.name = ${given('name')} AND (skip_count = 0 OR skip_reason IS NOT DISTINCT FROM ${given('reason')})`,
    ),
  }
}

export function triggerLeaseSql({ elements, isIn, skipLocked }: Fragments) {
  return {
    listAnnounced: `
SELECT instances.seq, substr(element.value, 6) AS name FROM instances CROSS JOIN ${elements('instances.declared')}
WHERE is_polling AND substr(element.value, 1, 5) = 'poll ' AND instances.seq <> $1`,
    /**
     * Takes leases that no engine or a dead engine holds. Values: names, list of dead engines, the engine. The order is
     * always the same, so that two engines that take leases never wait for each other.
     */
    lease: `
WITH free AS (
  SELECT seq FROM triggers
  WHERE ${isIn('name', '$1', 'text')} AND (lease_seq IS NULL OR ${isIn('lease_seq', '$2', 'bigint')})
  ORDER BY seq ${skipLocked}
)
UPDATE triggers SET lease_seq = $3, lease_number = lease_number + 1 FROM free WHERE triggers.seq = free.seq`,
    release: `UPDATE triggers SET lease_seq = NULL WHERE ${isIn('name', '$1', 'text')} AND lease_seq = $2`,
  }
}
