/** The statements about triggers for PostgreSQL. */

import { type OwnTriggerSql, triggersBy } from '../../sql/triggers.ts'

export const TRIGGERS: OwnTriggerSql = {
  save: `
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, policy, created_at, updated_at)
SELECT g.id, g.name, g.workflow, g.poll_interval_ms, g.allow_concurrent, g.policy, $7, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::text[])
  WITH ORDINALITY AS g (id, name, workflow, poll_interval_ms, allow_concurrent, policy, n)
ORDER BY g.n
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, updated_at = excluded.updated_at
WHERE (triggers.workflow, triggers.poll_interval_ms, triggers.allow_concurrent, triggers.policy)
   IS DISTINCT FROM (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy)`,

  get: triggersBy('triggers JOIN unnest($1::text[]) WITH ORDINALITY AS g (name, n) USING (name) ORDER BY n'),

  extendSkips: `
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
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
            $9::text[], $10::boolean[])
  WITH ORDINALITY
  AS g (name, id, first_at, last_at, count, lateness_ms, duration_ms, reason, log, is_firing, n)
WHERE t.name = g.name AND (skip_count = 0 OR skip_reason IS NOT DISTINCT FROM g.reason)
RETURNING g.n`,

  insertActiveFiring: `
INSERT INTO active_firings (id, trigger_seq, context_hash, execution_id, fired_at) VALUES ($1, $2, $3, $4, $5)`,

  insertFiring: `
INSERT INTO firings (id, trigger_seq, context_hash, fired_at, completed_at) VALUES ($1, $2, $3, $4, $4)`,
}
