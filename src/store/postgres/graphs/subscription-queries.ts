/** The SQL of subscriptions. Each text is one statement, named after what the store wants done. */

import { FIRINGS_BEHIND } from './reactor-queries.ts'

/** A subscription of the same names keeps its id, its mark, and whether it is enabled. */
export const SAVE_SUBSCRIPTION = `
INSERT INTO subscriptions (id, reactor, workflow, tenant, predicate, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (reactor, workflow, tenant) DO UPDATE
SET predicate = excluded.predicate, is_degraded = false, error_count = 0, last_error = NULL, last_error_at = NULL,
    error_firing_id = NULL, updated_at = excluded.updated_at
RETURNING id`

export const DELETE_SUBSCRIPTION = 'DELETE FROM subscriptions WHERE reactor = $1 AND workflow = $2 AND tenant = $3'

const SUBSCRIPTIONS = `
SELECT subscriptions.seq, subscriptions.id, reactor, workflow, tenant, predicate, enabled, done_sequence, replay,
       (SELECT min(sequence) FROM reactor_firings WHERE reactor_seq = reactors.seq) AS first_firing,
       coalesce(last_sequence, 0) AS last_firing, last_seen_fired_at, is_degraded, error_count, last_error, last_error_at,
       error_firing_id, subscriptions.created_at, updated_at
FROM subscriptions LEFT JOIN reactors ON reactors.name = reactor`

/** Values: the tenant or null, the reactor or null, whether those that are disabled are left out. */
export const LIST_SUBSCRIPTIONS = `${SUBSCRIPTIONS}
WHERE ($1::text IS NULL OR tenant = $1) AND ($2::text IS NULL OR reactor = $2) AND (enabled OR NOT $3::boolean)
ORDER BY reactor, workflow, tenant`

export const GET_SUBSCRIPTION = `${SUBSCRIPTIONS} WHERE subscriptions.id = $1`

export const LOCK_SUBSCRIPTION = `${SUBSCRIPTIONS} WHERE subscriptions.id = $1 FOR NO KEY UPDATE OF subscriptions`

/** Value: the workflows. */
export const LIST_PENDING = `${SUBSCRIPTIONS}
WHERE enabled AND NOT is_degraded AND workflow = ANY ($1::text[]) AND last_sequence > done_sequence ORDER BY subscriptions.seq`

/** Values: the subscriptions, how many firings of each at most, and how much text of them. */
export const LIST_PENDING_FIRINGS = `
SELECT subscriptions.seq AS subscription_seq, reactors.name, reactors.key, f.*
FROM subscriptions JOIN reactors ON reactors.name = reactor
CROSS JOIN LATERAL (
  ${FIRINGS_BEHIND('reactors.seq', 'done_sequence', '$2', '$3')}
) f
WHERE subscriptions.seq = ANY ($1::bigint[]) ORDER BY subscriptions.seq, f.sequence`

export const SET_SUBSCRIPTION_ENABLED = 'UPDATE subscriptions SET enabled = $2, updated_at = $3 WHERE id = $1'

export const SET_BACK = `
UPDATE subscriptions
SET done_sequence = $2, replay = replay + 1, error_count = 0, last_error = NULL, last_error_at = NULL, error_firing_id = NULL,
    updated_at = $3
WHERE id = $1`

export const MOVE_SUBSCRIPTION = `
UPDATE subscriptions
SET done_sequence = $2, last_seen_fired_at = coalesce($3, last_seen_fired_at), error_count = $4, last_error = $5,
    last_error_at = $6, error_firing_id = $7, is_degraded = coalesce($8, is_degraded), updated_at = $9
WHERE seq = $1`

/**
 * Nothing is inserted where the firing was started for the subscription already, in this replay. Values: lists of the reactors, the
 * sequences, the workflows and the executions; then the subscription and its replay.
 */
export const CLAIM_FIRINGS = `
INSERT INTO firing_executions (reactor_seq, sequence, subscription_id, replay, workflow, execution_id)
SELECT reactors.seq, g.sequence, $5, $6, g.workflow, g.execution_id
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS g (name, sequence, workflow, execution_id) JOIN reactors USING (name)
ON CONFLICT (reactor_seq, sequence, subscription_id, replay) DO NOTHING
RETURNING execution_id`
