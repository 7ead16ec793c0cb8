/**
 * The SQL of limits by key. Slots of attempts are in use by rows of `limit_attempts`, slots of workflows by executions
 * that have begun. The line for a slot consists of open waits with the name of a limit, or of executions whose
 * `waits_for` is the line. Times are those of `Liveness.now`.
 */

import type { Fragments } from '../sql-fragments.ts'

/** Returns the text in `waits_for` of executions that wait for a slot of the limit of their workflow. */
export function workflowLine(limit: string, value: string): string {
  return `${limit} ${value}`
}

/** Begin and end of the range of lines of all workflows. */
export const WORKFLOW_LINES = ['workflow:', 'workflow;'] as const

export const LIST_LIMITS = `SELECT name, declared, overrides, closed_until AS "closedUntil" FROM limits ORDER BY name`

/** Returns JSON of the limits that each engine has announced. */
export const LIST_ANNOUNCED =
  'SELECT seq, declared_limits AS declared FROM instances WHERE declared_limits IS NOT NULL ORDER BY seq'

/** Values: id of an instance, JSON or null. */
export const ANNOUNCE_LIMITS = 'UPDATE instances SET declared_limits = $2 WHERE id = $1'

/** Values: name, JSON of the declared values. */
export const DECLARE_LIMIT = `
INSERT INTO limits (name, declared) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET declared = excluded.declared`

/** Keeps the values of a limit that no engine has declared. Values: name, JSON of the values. */
export const KEEP_LIMIT = 'INSERT INTO limits (name, declared) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING'

/** Values: name, JSON of the overrides or null. */
export const OVERRIDE_LIMIT = 'UPDATE limits SET overrides = $2 WHERE name = $1'

/** Values: name, time of the closing and end of it, or null. */
export const CLOSE_LIMIT = `
UPDATE limits SET closed_at = CAST($2 AS bigint), closed_until = CAST($3 AS bigint) WHERE name = $1`

/** Values: name, value, time of the closing, end of it. An earlier closing that lasts longer stays. */
export const EXTEND_CLOSING = `
INSERT INTO limit_values (limit_name, value, closed_at, closed_until) VALUES ($1, $2, $3, $4)
ON CONFLICT (limit_name, value) DO UPDATE SET closed_at = excluded.closed_at, closed_until =
  CASE WHEN coalesce(limit_values.closed_until, 0) > excluded.closed_until THEN limit_values.closed_until
  ELSE excluded.closed_until END`

/** Values: name, value or null for all values. */
export const OPEN_VALUES = `
UPDATE limit_values SET closed_until = NULL WHERE limit_name = $1 AND (CAST($2 AS text) IS NULL OR value = $2)`

/** Ends the slots of an engine that was lost: they are free when its lease ends. Values: number of the engine. */
export const END_LOST_SLOTS = `
UPDATE limit_attempts SET ended_at = (SELECT expires_at FROM instances WHERE seq = $1)
WHERE owner_seq = $1 AND ended_at IS NULL`

/** Values: number of an engine. */
export const FIND_LEASE = 'SELECT expires_at AS "expiresAt" FROM instances WHERE seq = $1'

/** Returns the limits and values for which tasks wait, with one seek each. */
export const LIST_WAITED_VALUES = `
WITH RECURSIVE names (name) AS (
  SELECT min(limit_name) FROM waits WHERE outcome IS NULL AND limit_name IS NOT NULL
  UNION ALL
  SELECT (
    SELECT min(limit_name) FROM waits
    WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name > names.name)
  FROM names WHERE names.name IS NOT NULL
), lines (name, value) AS (
  SELECT name, (
    SELECT min(limit_value) FROM waits WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name = names.name)
  FROM names WHERE name IS NOT NULL
  UNION ALL
  SELECT lines.name, (
    SELECT min(limit_value) FROM waits
    WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name = lines.name AND limit_value > lines.value)
  FROM lines WHERE lines.value IS NOT NULL
)
SELECT name, value FROM lines WHERE value IS NOT NULL ORDER BY name, value`

/** Returns the limits of workflows and their values for which executions wait. Values: begin and end of the lines. */
export const LIST_WAITED_WORKFLOWS = `
WITH RECURSIVE lines (line) AS (
  SELECT min(waits_for) FROM active_executions WHERE waits_for IS NOT NULL AND waits_for > $1 AND waits_for < $2
  UNION ALL
  SELECT (SELECT min(waits_for) FROM active_executions
          WHERE waits_for IS NOT NULL AND waits_for > lines.line AND waits_for < $2)
  FROM lines WHERE lines.line IS NOT NULL
)
SELECT 'workflow:' || workflow AS name, limit_value AS value FROM lines
JOIN active_executions ON id = (
  SELECT id FROM active_executions WHERE waits_for = lines.line ORDER BY rank, created_at, execution_seq LIMIT 1)
WHERE line IS NOT NULL ORDER BY name, value`

/** Values: name, value, first ordinal, number of rows. */
export const LIST_BEGUN = `
SELECT ordinal, begun_at AS "begunAt" FROM limit_attempts
WHERE limit_name = $1 AND value = $2 AND ordinal >= $3 ORDER BY ordinal LIMIT $4`

/** Attempts of a limit whose slots are in use. Value `now`: number of the value that is the time. */
const inUse = (now: string): string =>
  `(a.ended_at > ${now} OR a.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM instances WHERE instances.seq = a.owner_seq AND instances.expires_at > ${now}))`

/** Begun executions of a workflow and value. */
const BEGUN = "limit_value IS NOT NULL AND coalesce(waits_for, '') = ''"

/** Values: workflow, value, number of ids. */
export const LIST_BEGUN_EXECUTIONS = `
SELECT id FROM active_executions WHERE workflow = $1 AND limit_value = $2 AND ${BEGUN}
ORDER BY created_at, execution_seq LIMIT $3`

/** Values: workflow, value. */
export const COUNT_BEGUN_EXECUTIONS = `
SELECT count(*) AS begun FROM active_executions WHERE workflow = $1 AND limit_value = $2 AND ${BEGUN}`

/** Values: name, time. */
export const COUNT_USED = `
SELECT (SELECT count(*) FROM limit_attempts a WHERE a.limit_name = $1 AND ${inUse('$2')}) AS used,
       (SELECT count(*) FROM waits WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name = $1) AS waiting`

/** Values: workflow, begin and end of its lines. */
export const COUNT_USED_BY_WORKFLOW = `
SELECT (SELECT count(*) FROM active_executions WHERE workflow = $1 AND ${BEGUN}) AS used,
       (SELECT count(*) FROM active_executions
        WHERE waits_for IS NOT NULL AND waits_for >= $2 AND waits_for < $3 AND workflow = $1) AS waiting`

/** Values: name, time, limit, offset. */
export const LIST_VALUES = `
SELECT value FROM (
  SELECT a.value FROM limit_attempts a WHERE a.limit_name = $1 AND ${inUse('$2')}
  UNION SELECT limit_value FROM waits WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name = $1
  UNION SELECT value FROM limit_values WHERE limit_name = $1 AND closed_until > $2
) v ORDER BY value LIMIT $3 OFFSET $4`

/** Values: name, time, limit, offset, workflow. */
export const LIST_VALUES_OF_WORKFLOW = `
SELECT value FROM (
  SELECT limit_value AS value FROM active_executions WHERE workflow = $5 AND limit_value IS NOT NULL
  UNION SELECT value FROM limit_values WHERE limit_name = $1 AND closed_until > $2
) v ORDER BY value LIMIT $3 OFFSET $4`

/** Workflows of executions that no engine has acquired since a slot was offered. Values: name, value, latest offer. */
export const LIST_UNTAKEN_WORKFLOWS = `
SELECT DISTINCT w.workflow FROM waits w JOIN active_executions a ON a.id = w.execution_id
WHERE w.limit_name = $1 AND w.limit_value = $2 AND w.outcome = 'free' AND w.offered_at <= $3
  AND a.owner_seq IS NULL AND a.waits_for IS NULL AND a.paused_at IS NULL`

/**
 * Whether a slot `k` is kept for a waiting task `w` of an execution `a`. Not for paused executions, for those that
 * were offered a slot and did not take it, and while the limit for which the task waits is closed for longer. Values: a
 * time before valid offers, and the latest end of closings.
 */
const isKept = (offered: string, closed: string): string => `
w.limit_name IS NOT NULL AND w.vain_offers > 0 AND (w.outcome IS NULL OR w.offered_at > ${offered})
AND a.paused_at IS NULL
AND NOT EXISTS (SELECT 1 FROM limits l WHERE l.name = w.limit_name AND l.closed_until > ${closed})
AND NOT EXISTS (
  SELECT 1 FROM limit_values v
  WHERE v.limit_name = w.limit_name AND v.value = w.limit_value AND v.closed_until > ${closed})`

const KEPT_SLOTS = `kept_slots k JOIN waits w ON w.execution_seq = k.execution_seq AND w.task_id = k.task_id
JOIN active_executions a ON a.id = w.execution_id`

/** Places of tasks for which slots are kept. Values: name, value, time before valid offers, latest end of closings. */
export const LIST_KEPT = `
SELECT w.line_rank AS rank, w.line_at AS at, w.execution_seq AS seq, w.task_id AS "taskId" FROM ${KEPT_SLOTS}
WHERE k.limit_name = $1 AND k.value = $2 AND ${isKept('$3', '$4')}`

/**
 * Executions that use slots, or for which slots are kept. Values: name, value, time, time before valid offers, latest
 * end of closings, number of ids.
 */
export const LIST_HOLDERS = `
SELECT id FROM active_executions WHERE execution_seq IN (
  SELECT execution_seq FROM limit_attempts a WHERE a.limit_name = $1 AND a.value = $2 AND ${inUse('$3')}
  UNION SELECT w.execution_seq FROM ${KEPT_SLOTS}
  WHERE k.limit_name = $1 AND k.value = $2 AND ${isKept('$4', '$5')})
ORDER BY created_at, execution_seq LIMIT $6`

/** Removes kept slots that have no effect any more. Value: number of rows. */
export const PRUNE_KEPT = `
DELETE FROM kept_slots WHERE (limit_name, value, execution_seq, task_id) IN (
  SELECT limit_name, value, execution_seq, task_id FROM kept_slots k
  WHERE NOT EXISTS (
    SELECT 1 FROM waits w JOIN active_executions a ON a.id = w.execution_id
    WHERE w.execution_seq = k.execution_seq AND w.task_id = k.task_id AND w.vain_offers > 0)
  LIMIT $1)`

/** Values: name, value, begin of the window. */
export const COUNT_BEGUN_SINCE = `
SELECT count(*) AS begun FROM limit_attempts WHERE limit_name = $1 AND value = $2 AND begun_at > $3`

/** Values: name, value. */
export const COUNT_WAITING = `
SELECT count(*) AS waiting FROM waits
WHERE outcome IS NULL AND limit_name IS NOT NULL AND limit_name = $1 AND limit_value = $2`

/** Lets executions begin that wait for the limit of their workflow. Values: workflow, time, begin and end of lines. */
export const LEAVE_WORKFLOW_LIMIT = `
UPDATE active_executions SET waits_for = NULL, queued_at = $2
WHERE waits_for IS NOT NULL AND waits_for >= $3 AND waits_for < $4 AND workflow = $1 RETURNING id`

/** Values: line. */
export const COUNT_WAITING_EXECUTIONS = 'SELECT count(*) AS waiting FROM active_executions WHERE waits_for = $1'

/** Removes attempts that have ended and are older than the window. Values: name, time, begin of the window, number. */
export const PRUNE_LIMIT_ATTEMPTS = `
DELETE FROM limit_attempts WHERE limit_name = $1 AND (limit_name, value, ordinal) IN (
  SELECT limit_name, value, ordinal FROM limit_attempts
  WHERE limit_name = $1 AND ended_at <= $2 AND begun_at <= $3 LIMIT $4)`

export function limitSql(fragments: Fragments) {
  return { ...keySql(fragments), ...attemptSql(fragments), ...lineSql(fragments) }
}

function keySql({ forRows, isIn }: Fragments) {
  return {
    /** Value: list of names. */
    getLimits: `
SELECT name, declared, overrides, closed_until AS "closedUntil" FROM limits WHERE ${isIn('name', '$1', 'text')}`,
    /** State of limits and values of attempts. Rows: name, value. Common values: time, time before valid offers. */
    getKeys: forRows(
      'limit_name text, value text',
      ([name, value]) => `
SELECT (SELECT closed_until FROM limit_values v WHERE v.limit_name = ${name} AND v.value = ${value}) AS "closedUntil",
       (SELECT count(*) FROM limit_attempts a
        WHERE a.limit_name = ${name} AND a.value = ${value} AND a.ended_at > $3)
       + (SELECT count(*) FROM limit_attempts a JOIN instances i ON i.seq = a.owner_seq
          WHERE a.limit_name = ${name} AND a.value = ${value} AND a.ended_at IS NULL AND i.expires_at > $3) AS used,
       (SELECT count(*) FROM waits w WHERE w.limit_name = ${name} AND w.limit_value = ${value} AND w.outcome = 'free'
          AND w.offered_at > $4) AS offered,
       EXISTS (SELECT 1 FROM waits w WHERE w.limit_name = ${name} AND w.limit_value = ${value} AND w.outcome = 'free'
          AND w.offered_at <= $4) AS "hasUntaken",
       EXISTS (SELECT 1 FROM kept_slots k WHERE k.limit_name = ${name} AND k.value = ${value}) AS "hasKept",
       (SELECT max(ordinal) FROM limit_attempts a WHERE a.limit_name = ${name} AND a.value = ${value}) AS last,
       (SELECT w.line_rank FROM waits w
        WHERE w.outcome IS NULL AND w.limit_name IS NOT NULL AND w.limit_name = ${name} AND w.limit_value = ${value}
        ORDER BY w.line_rank, w.line_at LIMIT 1) AS "firstRank",
       (SELECT w.line_at FROM waits w
        WHERE w.outcome IS NULL AND w.limit_name IS NOT NULL AND w.limit_name = ${name} AND w.limit_value = ${value}
        ORDER BY w.line_rank, w.line_at LIMIT 1) AS "firstAt"`,
    ),
    /** State of limits and values of executions. Rows: name, value, workflow, line. */
    getWorkflowKeys: forRows(
      'limit_name text, value text, workflow text, line text',
      ([name, value, workflow, line]) => `
SELECT (SELECT closed_until FROM limit_values v WHERE v.limit_name = ${name} AND v.value = ${value}) AS "closedUntil",
       (SELECT count(*) FROM active_executions
        WHERE workflow = ${workflow} AND limit_value = ${value} AND ${BEGUN}) AS used,
       EXISTS (SELECT 1 FROM active_executions WHERE waits_for = ${line}) AS "hasWaiting"`,
    ),
  }
}

function attemptSql({ insertRows, isIn, rows, skipLocked }: Fragments) {
  const task = 'execution_seq bigint, task_id text'
  const isGiven = `(execution_seq, task_id) IN (SELECT execution_seq, task_id FROM ${rows(task)})`
  const attempt = 'limit_name text, value text, ordinal bigint'
  const isGivenAttempt = `(limit_name, value, ordinal) IN (SELECT limit_name, value, ordinal FROM ${rows(attempt)})`
  return {
    /** Open attempts of tasks. Rows: number of the execution, task id. */
    listOpenAttempts: `
SELECT limit_name AS name, value, ordinal, execution_seq, task_id, attempt, owner_seq FROM limit_attempts
WHERE ended_at IS NULL AND ${isGiven}`,
    insertAttempts: insertRows(
      'limit_attempts',
      `${attempt}, begun_at bigint, execution_seq bigint, task_id text, attempt int, owner_seq bigint`,
    ),
    /** Rows: name, value, ordinal. Common value: time. */
    endAttempts: `UPDATE limit_attempts SET ended_at = $4 WHERE ${isGivenAttempt}`,
    deleteAttempts: `DELETE FROM limit_attempts WHERE ${isGivenAttempt}`,
    /** Waits of tasks for slots, open or ended. Rows: number of the execution, task id. */
    listOfTasks: `
SELECT execution_seq, task_id, limit_name AS name, limit_value AS value, opened_at AS "openedAt",
       outcome IS NOT NULL AS "isFree", vain_offers AS "vainOffers"
FROM waits WHERE kind = 'limit' AND ${isGiven}`,
    /** Slots that are kept for tasks. Rows: number of the execution, task id. */
    listKeptOfTasks: `
SELECT limit_name AS name, value, execution_seq, task_id FROM kept_slots WHERE ${isGiven}`,
    /** Rows: number of the execution, task id. */
    deleteKept: `DELETE FROM kept_slots WHERE ${isGiven}`,
    keep: insertRows('kept_slots', `limit_name text, value text, ${task}`),
    /**
     * Rows: number of the execution, task id, workflow, kind, opening, execution id, name, value, place in line, offers
     * in vain.
     */
    open: insertRows(
      'waits',
      `${task}, workflow text, kind text, opened_at bigint, execution_id text, limit_name text, ` +
        'limit_value text, line_rank int, line_at bigint, vain_offers int',
    ),
    /**
     * The first waits in a line that can take a slot, whose executions it locks. Values: name, value, number of rows,
     * list of workflows to pass over.
     */
    listCandidates: `
SELECT w.line_rank AS rank, w.line_at AS at, w.execution_seq AS seq, w.task_id AS "taskId", a.id, a.owner_seq
FROM waits w JOIN active_executions a ON a.id = w.execution_id
WHERE w.outcome IS NULL AND w.limit_name IS NOT NULL AND w.limit_name = $1 AND w.limit_value = $2
  AND a.paused_at IS NULL AND NOT ${isIn('w.workflow', '$4', 'text')}
ORDER BY w.line_rank, w.line_at, w.execution_seq LIMIT $3 ${skipLocked === '' ? '' : 'FOR UPDATE OF a SKIP LOCKED'}`,
    /** Ends waits because a slot is free. Rows: number of the execution, task id. Common values: time, database's. */
    offer: `
UPDATE waits SET outcome = 'free', ended_at = $3, offered_at = $4 WHERE outcome IS NULL AND ${isGiven}`,
  }
}

function lineSql({ isEach, lock, rows, skipLocked }: Fragments) {
  return {
    /** Makes executions available that have only waits. Rows: ids. */
    makeAvailable: `
UPDATE active_executions SET waits_for = NULL WHERE ${isEach('id', '$1', 'text')} AND waits_for = '' RETURNING id`,
    /** Lets the first executions in a line begin. Values: line, time, number of rows. */
    releaseExecutions: `
UPDATE active_executions SET waits_for = NULL, queued_at = $2 WHERE id IN (
  SELECT id FROM active_executions WHERE waits_for = $1 ORDER BY rank, created_at, execution_seq LIMIT $3 ${skipLocked})
RETURNING id`,
    /** Lets released executions wait again. Rows: id, line. */
    waitAgain: `
UPDATE active_executions SET waits_for = (
  SELECT line FROM ${rows('id text, line text')} WHERE given.id = active_executions.id)
WHERE ${isEach('id', '$1', 'text')}`,
    /** Executions in a line, which it locks. Values: line. */
    listLine: `
SELECT id FROM active_executions WHERE waits_for = $1 ORDER BY execution_seq
${lock('active_executions')} ${skipLocked === '' ? '' : 'SKIP LOCKED'}`,
    /** Removes rows of values that are open and not used. Values: time, number of rows. */
    pruneValues: `
DELETE FROM limit_values WHERE (limit_name, value) IN (
  SELECT limit_name, value FROM limit_values v
  WHERE (closed_until IS NULL OR closed_until <= $1)
    AND NOT EXISTS (SELECT 1 FROM limit_attempts a WHERE a.limit_name = v.limit_name AND a.value = v.value)
    AND NOT EXISTS (
      SELECT 1 FROM waits w WHERE w.outcome IS NULL AND w.limit_name IS NOT NULL AND w.limit_name = v.limit_name
        AND w.limit_value = v.value)
  LIMIT $2 ${skipLocked})`,
  }
}
