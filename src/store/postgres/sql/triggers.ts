/** The statements about triggers for PostgreSQL. */

import { type OwnTriggerSql, triggersBy } from '../../sql/triggers.ts'
import { numberedRows } from './fragments.ts'

const SAVED_COLUMNS =
  'id text, name text, workflow text, poll_interval_ms bigint, allow_concurrent boolean, policy text'

const SKIP_COLUMNS =
  'name text, id text, first_at bigint, last_at bigint, count bigint, lateness_ms bigint, duration_ms bigint, ' +
  'reason text, log text, is_firing boolean'

export const TRIGGERS: OwnTriggerSql = {
  save: `
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, policy, created_at, updated_at)
SELECT id, name, workflow, poll_interval_ms, allow_concurrent, policy, $7, $7
FROM ${numberedRows(SAVED_COLUMNS)}
ORDER BY n
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, updated_at = excluded.updated_at
WHERE (triggers.workflow, triggers.poll_interval_ms, triggers.allow_concurrent, triggers.policy)
   IS DISTINCT FROM (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy)`,

  get: triggersBy(`triggers JOIN ${numberedRows('name text')} USING (name) ORDER BY n`),

  extendSkips: `
UPDATE triggers t
SET skip_tick_id = CASE WHEN skip_count = 0 THEN given.id ELSE skip_tick_id END,
    skip_first_at = CASE WHEN skip_count = 0 THEN given.first_at ELSE skip_first_at END,
    skip_last_at = given.last_at,
    skip_count = skip_count + given.count,
    skip_lateness_ms = greatest(skip_lateness_ms, given.lateness_ms),
    skip_duration_ms = greatest(skip_duration_ms, given.duration_ms),
    skip_reason = given.reason,
    skip_log = coalesce(given.log, skip_log),
    last_poll_at = greatest(last_poll_at, given.last_at),
    failures_in_row = 0,
    is_firing = given.is_firing
FROM ${numberedRows(SKIP_COLUMNS)}
WHERE t.name = given.name AND (skip_count = 0 OR skip_reason IS NOT DISTINCT FROM given.reason)
RETURNING given.n`,

  insertActiveFiring: `
INSERT INTO active_firings (id, trigger_seq, context_hash, execution_id, fired_at) VALUES ($1, $2, $3, $4, $5)`,

  insertFiring: `
INSERT INTO firings (id, trigger_seq, context_hash, fired_at, completed_at) VALUES ($1, $2, $3, $4, $4)`,
}
