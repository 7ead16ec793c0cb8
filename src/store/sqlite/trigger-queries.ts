/**
 * The SQL of triggers, their firings and their ticks. Each text is one statement, named after what the store wants
 * done.
 */

const TRIGGER_COLUMNS =
  'seq, id, name, workflow, poll_interval_ms, allow_concurrent, policy, overrides, enabled, note, failures_in_row, ' +
  'created_at, updated_at, last_poll_at, undeclared_at'

/** A row that exists is touched only where something differs. */
export const SAVE_TRIGGER = `
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, policy, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, updated_at = excluded.updated_at
WHERE (workflow, poll_interval_ms, allow_concurrent, policy)
   IS NOT (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy)`

export const GET_TRIGGER = `SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE name = ?`

export const LIST_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?`

export const LIST_ENABLED_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE enabled = 1 ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?`

export const SET_TRIGGER_ENABLED = `
UPDATE triggers SET enabled = ?, note = ?, failures_in_row = 0, updated_at = ? WHERE name = ?`

export const PAUSE_TRIGGER = 'UPDATE triggers SET enabled = 0, note = ?, updated_at = ? WHERE seq = ?'

export const SET_OVERRIDES = 'UPDATE triggers SET overrides = ?, updated_at = ? WHERE name = ?'

/** Of those of one instance. */
export const SUM_LEASES = 'SELECT count(*) AS count, sum(lease_number) AS numbers FROM triggers WHERE lease_seq = ?'

export const LIST_LEASES = 'SELECT seq, name, lease_seq, lease_number FROM triggers'

export const RELEASE_TRIGGER = 'UPDATE triggers SET lease_seq = NULL WHERE name = ? AND lease_seq = ?'

export const LEASE_TRIGGER = 'UPDATE triggers SET lease_seq = ?, lease_number = lease_number + 1 WHERE seq = ?'

// -- skips: the open run is part of the trigger's row

/** Changes nothing where the open run has another reason: that is closed first. */
export const EXTEND_SKIPS = `
UPDATE triggers
SET skip_tick_id = iif(skip_count = 0, ?, skip_tick_id),
    skip_first_at = iif(skip_count = 0, ?, skip_first_at),
    skip_last_at = ?,
    skip_count = skip_count + ?,
    skip_lateness_ms = nullif(max(coalesce(skip_lateness_ms, -1), ?), -1),
    skip_duration_ms = nullif(max(coalesce(skip_duration_ms, -1), ?), -1),
    skip_reason = ?,
    skip_log = coalesce(?, skip_log),
    last_poll_at = max(coalesce(last_poll_at, 0), ?),
    failures_in_row = 0,
    is_firing = ?
WHERE name = ? AND (skip_count = 0 OR skip_reason IS ?)`

/** Must precede `END_SKIPS`. */
export const CLOSE_SKIPS = `
INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, log)
SELECT skip_tick_id, seq, 'skipped', skip_first_at, skip_last_at, skip_count, skip_lateness_ms, skip_duration_ms,
       skip_reason, skip_log
FROM triggers WHERE seq = ? AND skip_count > 0`

export const END_SKIPS = `
UPDATE triggers
SET skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
    skip_duration_ms = NULL, skip_reason = NULL, skip_log = NULL
WHERE seq = ?`

/** Several processes may report one after the other's poll: it never goes back. */
export const SET_LAST_POLL = `
UPDATE triggers SET last_poll_at = max(coalesce(last_poll_at, 0), ?), failures_in_row = 0, is_firing = 1 WHERE seq = ?`

/** The same, and its answer starts nothing: the next one is as if it had not been given. */
export const SET_LIMITED_POLL = `
UPDATE triggers SET last_poll_at = max(coalesce(last_poll_at, 0), ?), failures_in_row = 0 WHERE seq = ?`

export const COUNT_FAILURE = 'UPDATE triggers SET failures_in_row = failures_in_row + 1 WHERE seq = ?'

export const OPEN_SKIPS = `
SELECT 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_first_at AS first_at,
       skip_last_at AS last_at, skip_count AS count, skip_lateness_ms AS lateness_ms,
       skip_duration_ms AS duration_ms, skip_reason AS reason, NULL AS firing_id, NULL AS execution_id, NULL AS error,
       skip_log IS NOT NULL AS has_log
FROM triggers WHERE name = ? AND skip_count > 0`

// -- ticks and firings

export const FIND_TRIGGER = 'SELECT seq, lease_number, is_firing, failures_in_row FROM triggers WHERE name = ?'

export const INSERT_TICK = `
INSERT INTO ticks
  (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, log)
VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)`

export interface TickListing {
  readonly outcome?: string
  readonly sinceAt?: number
  readonly untilAt?: number
  readonly before?: { readonly last_at: number; readonly seq: number }
}

export const TICK_COLUMNS =
  'seq, id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, ' +
  'log IS NOT NULL AS has_log'

/** The statement of a list of the ticks of a trigger, and its values but for the trigger, limit and offset. */
export function tickListing({ outcome, sinceAt, untilAt, before }: TickListing): [string, (string | number)[]] {
  const conditions: [string, ...(string | number)[]][] = []
  if (outcome !== undefined) conditions.push(['outcome = ?', outcome])
  if (sinceAt !== undefined) conditions.push(['last_at >= ?', sinceAt])
  if (untilAt !== undefined) conditions.push(['last_at < ?', untilAt])
  if (before !== undefined) conditions.push(['(last_at, seq) < (?, ?)', before.last_at, before.seq])
  const where = conditions.map(([text]) => ` AND ${text}`).join('')
  const sql = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = ?${where} ORDER BY last_at DESC, seq DESC LIMIT ? OFFSET ?`
  return [sql, conditions.flatMap(([, ...values]) => values)]
}

/** The tick that ended at a time or later, and may have begun before it. */
export const TICK_ACROSS = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = ? AND last_at >= ? ORDER BY last_at, seq LIMIT 1`

/** Where a list goes on: behind this tick. */
export const FIND_TICK = 'SELECT last_at, seq FROM ticks WHERE trigger_seq = ? AND last_at = ? AND id = ?'

export const FIND_ACTIVE_FIRING = `
SELECT id, execution_id FROM active_firings WHERE trigger_seq = ? AND context_hash = ? LIMIT 1`

export const COUNT_ACTIVE_FIRINGS = 'SELECT count(*) AS active FROM active_firings WHERE trigger_seq = ?'

export const INSERT_ACTIVE_FIRING = `
INSERT INTO active_firings (seq, id, trigger_seq, context_hash, execution_id, fired_at)
VALUES (?, ?, ?, ?, ?, ?)`

/** A firing without an execution, which is completed immediately. */
export const INSERT_FIRING = `
INSERT INTO firings (seq, id, trigger_seq, context_hash, fired_at, completed_at) VALUES (?, ?, ?, ?, ?, ?)`

/** Copies an active firing to the completed ones. Must precede `DELETE_ACTIVE_FIRING`. */
export const COMPLETE_FIRING = `
INSERT INTO firings (seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at)
SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, ? FROM active_firings WHERE id = ?`

export const DELETE_ACTIVE_FIRING = 'DELETE FROM active_firings WHERE id = ?'

/** The firing after which a list continues. */
export const FIND_FIRING = `
SELECT fired_at, seq FROM (
  SELECT id, fired_at, seq FROM active_firings UNION ALL SELECT id, fired_at, seq FROM firings
) WHERE id = ?`

const LISTED = 'WHERE trigger_seq = ? AND (fired_at, seq) < (?, ?) ORDER BY fired_at DESC, seq DESC LIMIT ? OFFSET ?'

/** Values, as of `LIST_FIRINGS`: the `seq` of the trigger, the place after which the list continues, limit and offset. */
export const LIST_ACTIVE_FIRINGS = `
SELECT id, seq, context_hash, execution_id, fired_at, NULL AS completed_at FROM active_firings ${LISTED}`

export const LIST_FIRINGS = `
SELECT id, seq, context_hash, execution_id, fired_at, completed_at FROM firings ${LISTED}`
