/** The SQL of firings: their keys, the states of their triggers, and executions that wait for others of a trigger. */

import type { Fragments } from './sql-fragments.ts'

export interface InsertFirings {
  /** Rows: id, trigger, hash of the context, execution, time, position among the firings of the tick. */
  readonly insertActiveFirings: string
  /** Inserts firings without an execution, which are completed immediately. Rows: id, trigger, hash, time, position. */
  readonly insertFirings: string
}

/** Columns of the rows of `InsertFirings`. */
export const ACTIVE_FIRING_COLUMNS =
  'id text, trigger_seq bigint, context_hash text, execution_id text, fired_at bigint, position int'
export const FIRING_COLUMNS = 'id text, trigger_seq bigint, context_hash text, fired_at bigint, position int'

/** Returns the text in `waits_for` of executions that wait until fewer executions of a trigger are active. */
export function triggerLine(trigger: string): string {
  return `trigger:${trigger}`
}

/** Returns the trigger of a line, or null for another line. */
export function triggerOfLine(line: string): string | null {
  return line.startsWith('trigger:') ? line.slice('trigger:'.length) : null
}

/** Executions of a trigger that have begun, the oldest first. Values: name and line of the trigger, number of ids. */
export const LIST_BEGUN_OF_TRIGGER = `
SELECT id FROM active_executions
WHERE coalesce(waits_for, '') <> $2 AND id IN (
  SELECT execution_id FROM active_firings WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = $1))
ORDER BY created_at, execution_seq LIMIT $3`

/** Number of active firings of a trigger, and of its executions that wait. Values: number and line of the trigger. */
export const COUNT_BEGUN = `
SELECT (SELECT count(*) FROM active_firings WHERE trigger_seq = $1) AS active,
       (SELECT count(*) FROM active_executions WHERE waits_for = $2) AS waiting`

export const LIST_TRIGGERS_WITH_WAITING = `
SELECT DISTINCT substr(waits_for, 9) AS name FROM active_executions
WHERE waits_for > 'trigger:' AND waits_for < 'trigger;'`

/** For executions of a removed trigger. Value: line of the trigger. */
export const END_WAITING =
  'UPDATE active_executions SET waits_for = NULL WHERE waits_for = $1 RETURNING id, workflow, limit_value'

/** `text`: null if there is no row, and after a reset. */
export const FIND_STATE = `
SELECT version, changed_at AS "changedAt", changed_by AS "changedBy", state AS text
FROM trigger_states WHERE trigger_seq = $1`

export const GET_STATE = `
SELECT initial_state AS "initialText", version, changed_at AS "changedAt", changed_by AS "changedBy", state AS text,
       previous_state AS "previousText"
FROM triggers LEFT JOIN trigger_states ON trigger_seq = triggers.seq WHERE name = $1`

/** Values: the trigger, the version, the time, who changed it, the state, the state before. */
export const SAVE_STATE = `
INSERT INTO trigger_states (trigger_seq, version, changed_at, changed_by, state, previous_state)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (trigger_seq) DO UPDATE
SET version = excluded.version, changed_at = excluded.changed_at, changed_by = excluded.changed_by,
    state = excluded.state, previous_state = excluded.previous_state`

export function firingSql({ forRows, insertRows, isEach, isIn, lock, skipLocked }: Fragments) {
  const key = `trigger_seq bigint, key text, firing_id text, execution_id text, taken_at bigint, expires_at bigint`
  return {
    /** One active firing with each hash. Value of each row: the hash. Common value: the trigger. */
    findActiveFirings: forRows(
      'hash text',
      ([hash]) => `
SELECT id AS "firingId", execution_id AS "executionId"
FROM active_firings WHERE trigger_seq = $2 AND context_hash = ${hash} LIMIT 1`,
    ),
    /** Rows: keys. Common values: the trigger, the time. */
    findKeys: `
SELECT key, firing_id AS "firingId", execution_id AS "executionId" FROM firing_keys
WHERE ${isEach('key', '$1', 'text')} AND trigger_seq = $2 AND (expires_at IS NULL OR expires_at > $3)`,
    /** Replaces keys that have expired. */
    insertKeys: `
${insertRows('firing_keys', key)}
ON CONFLICT (trigger_seq, key) DO UPDATE
SET firing_id = excluded.firing_id, execution_id = excluded.execution_id, taken_at = excluded.taken_at,
    expires_at = excluded.expires_at`,
    /** Values: the time, the number of rows. */
    pruneFiringKeys: `
DELETE FROM firing_keys WHERE (trigger_seq, key) IN (
  SELECT trigger_seq, key FROM firing_keys WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 ${skipLocked})`,
    /** Values: the names. */
    listStates: `
SELECT name, coalesce(version, 0) AS version, state AS text
FROM triggers LEFT JOIN trigger_states ON trigger_seq = triggers.seq
WHERE ${isIn('name', '$1', 'text')} AND initial_state IS NOT NULL`,
    lockForState: `
SELECT seq, initial_state AS "initialText", lease_number AS "leaseNumber",
       (SELECT instances.id FROM instances WHERE instances.seq = lease_seq) AS "holderId"
FROM triggers WHERE name = $1 ${lock('triggers')}`,
    lockLimit: `SELECT seq, policy, overrides FROM triggers WHERE name = $1 ${lock('triggers')}`,
    /** Waits for other transactions that end executions of a trigger. Locks in the order in which these do. */
    lockBegun: `
SELECT execution_seq FROM active_executions
WHERE (waits_for IS NULL OR waits_for = '') AND id IN (SELECT execution_id FROM active_firings WHERE trigger_seq = $1)
ORDER BY execution_seq ${lock('active_executions')}`,
    /** Lets the first waiting executions of a trigger begin. Values: line of the trigger, their number. */
    releaseWaiting: `
UPDATE active_executions SET waits_for = NULL WHERE id IN (
  SELECT id FROM active_executions WHERE waits_for = $1 ORDER BY rank, created_at, execution_seq LIMIT $2 ${skipLocked})
RETURNING id, workflow, limit_value`,
  }
}
