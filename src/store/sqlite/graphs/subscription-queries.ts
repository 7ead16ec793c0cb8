/** The SQL of subscriptions. Each text is one statement, named after what the store wants done. */

/** A subscription of the same names keeps its id, its mark, and whether it is enabled. */
export const SAVE_SUBSCRIPTION = `
INSERT INTO subscriptions (id, reactor, workflow, tenant, predicate, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (reactor, workflow, tenant) DO UPDATE
SET predicate = excluded.predicate, is_degraded = 0, error_count = 0, last_error = NULL, last_error_at = NULL,
    error_firing_id = NULL, updated_at = excluded.updated_at
RETURNING id`

export const DELETE_SUBSCRIPTION = 'DELETE FROM subscriptions WHERE reactor = ? AND workflow = ? AND tenant = ?'

const SUBSCRIPTIONS = `
SELECT subscriptions.seq, subscriptions.id, reactor, workflow, tenant, predicate, enabled, done_sequence, replay,
       (SELECT min(sequence) FROM reactor_firings WHERE reactor_seq = reactors.seq) AS first_firing,
       coalesce(last_sequence, 0) AS last_firing, last_seen_fired_at, is_degraded, error_count, last_error, last_error_at,
       error_firing_id, subscriptions.created_at, updated_at
FROM subscriptions LEFT JOIN reactors ON reactors.name = reactor`

/** Values: the tenant or null, the reactor or null, 1 where those that are disabled are left out. */
export const LIST_SUBSCRIPTIONS = `${SUBSCRIPTIONS}
WHERE tenant = coalesce(?, tenant) AND reactor = coalesce(?, reactor) AND enabled >= ?
ORDER BY reactor, workflow, tenant`

export const GET_SUBSCRIPTION = `${SUBSCRIPTIONS} WHERE subscriptions.id = ?`

/** Value: JSON of the workflows. */
export const LIST_PENDING = `${SUBSCRIPTIONS}
WHERE enabled = 1 AND is_degraded = 0 AND workflow IN (SELECT value FROM json_each(?)) AND last_sequence > done_sequence
ORDER BY subscriptions.seq`

export const SET_SUBSCRIPTION_ENABLED = 'UPDATE subscriptions SET enabled = ?, updated_at = ? WHERE id = ?'

export const SET_BACK = `
UPDATE subscriptions
SET done_sequence = ?, replay = replay + 1, error_count = 0, last_error = NULL, last_error_at = NULL, error_firing_id = NULL,
    updated_at = ?
WHERE id = ?`

export const MOVE_SUBSCRIPTION = `
UPDATE subscriptions
SET done_sequence = ?, last_seen_fired_at = coalesce(?, last_seen_fired_at), error_count = ?, last_error = ?, last_error_at = ?,
    error_firing_id = ?, is_degraded = coalesce(?, is_degraded), updated_at = ?
WHERE seq = ?`

/** Nothing is inserted where the firing was started for the subscription already, in this replay. */
export const CLAIM_FIRING = `
INSERT INTO firing_executions (reactor_seq, sequence, subscription_id, replay, workflow, execution_id)
SELECT seq, ?, ?, ?, ?, ? FROM reactors WHERE name = ?
ON CONFLICT (reactor_seq, sequence, subscription_id, replay) DO NOTHING`
