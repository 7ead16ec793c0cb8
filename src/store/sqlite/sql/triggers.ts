/** The statements about triggers for SQLite. */

import { type OwnTriggerSql, triggersBy } from '../../sql/triggers.ts'

export const TRIGGERS: OwnTriggerSql = {
  save: `
INSERT INTO triggers (id, name, workflow, poll_interval_ms, allow_concurrent, policy, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (name) DO UPDATE
SET workflow = excluded.workflow, poll_interval_ms = excluded.poll_interval_ms,
    allow_concurrent = excluded.allow_concurrent, policy = excluded.policy, updated_at = excluded.updated_at
WHERE (workflow, poll_interval_ms, allow_concurrent, policy)
   IS NOT (excluded.workflow, excluded.poll_interval_ms, excluded.allow_concurrent, excluded.policy)`,

  get: triggersBy('(SELECT key AS n, value AS name FROM json_each($1)) JOIN triggers USING (name) ORDER BY n'),

  extendSkips: `
UPDATE triggers
SET skip_tick_id = iif(skip_count = 0, $2, skip_tick_id),
    skip_first_at = iif(skip_count = 0, $3, skip_first_at),
    skip_last_at = $4,
    skip_count = skip_count + $5,
    skip_lateness_ms = nullif(max(coalesce(skip_lateness_ms, -1), coalesce($6, -1)), -1),
    skip_duration_ms = nullif(max(coalesce(skip_duration_ms, -1), coalesce($7, -1)), -1),
    skip_reason = $8,
    skip_log = coalesce($9, skip_log),
    last_poll_at = max(coalesce(last_poll_at, 0), $4),
    failures_in_row = 0,
    is_firing = $10
WHERE name = $1 AND (skip_count = 0 OR skip_reason IS $8)`,

  // The number of a firing is that of its tick, which was inserted just before.
  insertActiveFiring: `
INSERT INTO active_firings (seq, id, trigger_seq, context_hash, execution_id, fired_at)
VALUES (last_insert_rowid(), $1, $2, $3, $4, $5)`,

  insertFiring: `
INSERT INTO firings (seq, id, trigger_seq, context_hash, fired_at, completed_at)
VALUES (last_insert_rowid(), $1, $2, $3, $4, $4)`,
}
