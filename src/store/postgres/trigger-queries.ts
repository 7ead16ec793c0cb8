/** The SQL of triggers, their firings and their ticks. Each text is one statement, named after what the store wants done. */

const TRIGGER_COLUMNS =
  'seq, id, name, workflow, poll_interval_ms, allow_concurrent, policy, overrides, enabled, note, failures_in_row, ' +
  'created_at, updated_at, last_poll_at, undeclared_at'

/** A row that exists is touched only where something differs. Values: a list for each column, and the instant. */
export const SAVE_TRIGGERS = `
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, policy, created_at, updated_at)
SELECT g.id, g.name, g.workflow, g.poll_interval_ms, g.allow_concurrent, g.policy, $7, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::text[])
  WITH ORDINALITY AS g (id, name, workflow, poll_interval_ms, allow_concurrent, policy, n)
ORDER BY g.n
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, updated_at = excluded.updated_at
WHERE (triggers.workflow, triggers.poll_interval_ms, triggers.allow_concurrent, triggers.policy)
   IS DISTINCT FROM (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy)`

export const GET_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers JOIN unnest($1::text[]) WITH ORDINALITY AS g (name, n) USING (name) ORDER BY n`

export const LIST_TRIGGERS = `
SELECT ${TRIGGER_COLUMNS} FROM triggers WHERE enabled OR NOT $1 ORDER BY created_at DESC, seq DESC LIMIT $2 OFFSET $3`

export const SET_TRIGGER_ENABLED = `
UPDATE triggers SET enabled = $1, note = $2, failures_in_row = 0, updated_at = $3 WHERE name = $4`

export const PAUSE_TRIGGER = 'UPDATE triggers SET enabled = false, note = $1, updated_at = $2 WHERE seq = $3'

export const LOCK_OVERRIDES = 'SELECT overrides FROM triggers WHERE name = $1 FOR UPDATE'

export const SET_OVERRIDES = 'UPDATE triggers SET overrides = $1, updated_at = $2 WHERE name = $3'

// -- leases

/** Takes those that nobody or only the dead hold. Always in the same order, so that two that take do not wait for each other in a ring. */
export const LEASE_TRIGGERS = `
WITH free AS (
  SELECT seq FROM triggers
  WHERE name = ANY ($1::text[]) AND (lease_seq IS NULL OR lease_seq = ANY ($2::bigint[])) ORDER BY seq FOR UPDATE SKIP LOCKED
)
UPDATE triggers SET lease_seq = $3, lease_number = lease_number + 1 FROM free WHERE triggers.seq = free.seq`

export const RELEASE_TRIGGERS = `
UPDATE triggers SET lease_seq = NULL WHERE name = ANY ($1::text[]) AND lease_seq = $2`

export const LIST_LEASES = 'SELECT name, lease_seq FROM triggers'

export const LIST_OWN_LEASES = 'SELECT name AS "trigger", lease_number AS number FROM triggers WHERE lease_seq = $1'

// -- skips: the open run is part of the trigger's row

/**
 * Values: a list for each column, one row a trigger. Returns the names of those whose run goes on; the open run of the others has another
 * reason, and is closed first, or there is no such trigger.
 */
export const EXTEND_SKIPS = `
UPDATE triggers t
SET skip_tick_id = CASE WHEN skip_count = 0 THEN g.id ELSE skip_tick_id END,
    skip_first_at = CASE WHEN skip_count = 0 THEN g.first_at ELSE skip_first_at END,
    skip_last_at = g.last_at,
    skip_count = skip_count + g.count,
    skip_lateness_ms = greatest(skip_lateness_ms, g.lateness_ms),
    skip_duration_ms = greatest(skip_duration_ms, g.duration_ms),
    skip_reason = g.reason,
    skip_log = coalesce(g.log, skip_log),
    last_poll_at = greatest(last_poll_at, g.last_at),
    failures_in_row = 0,
    is_firing = g.is_firing
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
            $10::boolean[])
  AS g (name, id, first_at, last_at, count, lateness_ms, duration_ms, reason, log, is_firing)
WHERE t.name = g.name AND (skip_count = 0 OR skip_reason IS NOT DISTINCT FROM g.reason)
RETURNING t.name`

/** Closes the open runs of these triggers. */
export const CLOSE_SKIPS = `
INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, log)
SELECT skip_tick_id, seq, 'skipped', skip_first_at, skip_last_at, skip_count, skip_lateness_ms, skip_duration_ms,
       skip_reason, skip_log
FROM triggers WHERE name = ANY ($1::text[]) AND skip_count > 0`

/** Must come behind `CLOSE_SKIPS`. */
export const END_SKIPS = `
UPDATE triggers
SET skip_count = 0, skip_tick_id = NULL, skip_first_at = NULL, skip_last_at = NULL, skip_lateness_ms = NULL,
    skip_duration_ms = NULL, skip_reason = NULL, skip_log = NULL
WHERE name = ANY ($1::text[]) AND skip_count > 0`

/** Several processes may report one after the other's poll: it never goes back. */
export const SET_LAST_POLL = `
UPDATE triggers SET last_poll_at = greatest(last_poll_at, $1), failures_in_row = 0, is_firing = is_firing OR $2 WHERE seq = $3`

export const COUNT_FAILURE = 'UPDATE triggers SET failures_in_row = failures_in_row + 1 WHERE seq = $1'

// -- ticks and firings

/** Of a trigger, what decides on its firings; held until the commit, so that those of one trigger are decided one after the other. */
export const LOCK_TRIGGER = `
SELECT seq, lease_number, is_firing, failures_in_row, skip_count FROM triggers WHERE name = $1 FOR UPDATE`

export const FIND_ACTIVE_FIRING = `
SELECT id, execution_id FROM active_firings WHERE trigger_seq = $1 AND context_hash = $2 LIMIT 1`

export const COUNT_ACTIVE_FIRINGS = 'SELECT count(*) AS active FROM active_firings WHERE trigger_seq = $1'

export const INSERT_TICK = `
INSERT INTO ticks
  (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, log)
VALUES ($1, $2, $3, $4, $4, 1, $5, $6, $7, $8, $9, $10, $11)`

export const INSERT_ACTIVE_FIRING = `
INSERT INTO active_firings (id, trigger_seq, context_hash, execution_id, fired_at) VALUES ($1, $2, $3, $4, $5)`

/** One that starts nothing is over at once. */
export const INSERT_FIRING = `
INSERT INTO firings (id, trigger_seq, context_hash, fired_at, completed_at) VALUES ($1, $2, $3, $4, $4)`

const ALL_FIRINGS = `(
  SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at FROM firings
  UNION ALL SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, NULL::bigint FROM active_firings
)`

export const FIND_FIRING = `SELECT fired_at, seq FROM ${ALL_FIRINGS} f WHERE id = $1`

/** Behind a place, or all. */
export const LIST_FIRINGS = `
SELECT f.id, (SELECT id FROM triggers WHERE name = $1) AS trigger_id, context_hash, execution_id, fired_at, completed_at
FROM ${ALL_FIRINGS} f
WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = $1) AND ($4::bigint IS NULL OR (fired_at, seq) < ($4::bigint, $5::bigint))
ORDER BY fired_at DESC, seq DESC LIMIT $2 OFFSET $3`
