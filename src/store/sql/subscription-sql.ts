/** The SQL of subscriptions. */

import { withNames } from './named.ts'
import type { Fragments } from './sql-fragments.ts'

const SUBSCRIPTIONS = `
SELECT subscriptions.seq, replay, reactors.seq AS "reactorSeq", key, coalesce(last_sequence, 0) AS "lastFiring",
       (SELECT min(sequence) FROM reactor_firings WHERE reactor_seq = reactors.seq) AS "firstFiring", ${withNames(`
  subscriptions.id, reactor, workflow, tenant, predicate, enabled AS "isEnabled", done_sequence, last_seen_fired_at,
  is_degraded, error_count, last_error, last_error_at, error_firing_id, subscriptions.created_at, updated_at`)}
FROM subscriptions LEFT JOIN reactors ON reactors.name = reactor`

export const GET_SUBSCRIPTION = `${SUBSCRIPTIONS} WHERE subscriptions.id = $1`

export function subscriptionSql({ insertRows, isIn, lock }: Fragments) {
  return {
    lock: `${GET_SUBSCRIPTION} ${lock('subscriptions')}`,
    /** Value: a list of workflows. */
    listPending: `
${SUBSCRIPTIONS}
WHERE enabled AND NOT is_degraded AND ${isIn('workflow', '$1', 'text')} AND last_sequence > done_sequence
ORDER BY subscriptions.seq`,
    /** Inserts nothing if the firing started an execution for the subscription in this replay before. */
    claimFiring: `
${insertRows(
  'firing_executions',
  'reactor_seq bigint, sequence bigint, subscription_id text, replay bigint, workflow text, execution_id text',
)}
ON CONFLICT (reactor_seq, sequence, subscription_id, replay) DO NOTHING
RETURNING execution_id`,
  }
}

/** A subscription of the same names keeps its id, its mark, and whether it is enabled. */
export const SAVE_SUBSCRIPTION = `
INSERT INTO subscriptions (id, reactor, workflow, tenant, predicate, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (reactor, workflow, tenant) DO UPDATE
SET predicate = excluded.predicate, is_degraded = false, error_count = 0, last_error = NULL, last_error_at = NULL,
    error_firing_id = NULL, updated_at = excluded.updated_at
RETURNING id`

/** Values: tenant or null, reactor or null, whether disabled ones are left out. */
export const LIST_SUBSCRIPTIONS = `
${SUBSCRIPTIONS}
WHERE tenant = coalesce(CAST($1 AS text), tenant) AND reactor = coalesce(CAST($2 AS text), reactor)
  AND (enabled OR NOT $3)
ORDER BY reactor, workflow, tenant`

export const SET_BACK = `
UPDATE subscriptions
SET done_sequence = $2, replay = replay + 1, error_count = 0, last_error = NULL, last_error_at = NULL,
    error_firing_id = NULL, updated_at = $3
WHERE id = $1`

export const MOVE_SUBSCRIPTION = `
UPDATE subscriptions
SET done_sequence = $2, last_seen_fired_at = coalesce($3, last_seen_fired_at), error_count = $4, last_error = $5,
    last_error_at = $6, error_firing_id = $7, is_degraded = coalesce($8, is_degraded), updated_at = $9
WHERE seq = $1`
