/** The SQL of executions and their task runs, except for lists. */

import { HAS_INCIDENT_OF_WORKFLOW } from '../incident-sql.ts'
import type { Fragments } from '../sql-fragments.ts'
import { ALL_EXECUTIONS, OWNED_COLUMNS } from './columns.ts'
import type { ListingSql } from './listing.ts'

export const GET_EXECUTION = `SELECT * FROM ${ALL_EXECUTIONS} e WHERE id = $1`

/** No status is in both tables. */
export const COUNT_EXECUTIONS = `
SELECT status, count(*) AS count FROM executions GROUP BY status
UNION ALL SELECT status, count(*) FROM active_executions GROUP BY status`

/** By the range of texts with this beginning: `LIKE` cannot use the index. */
export const FIND_EXECUTION_IDS = `
SELECT id FROM ${ALL_EXECUTIONS} e WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`

export const FIND_EXECUTION = `SELECT created_at AS at, seq FROM ${ALL_EXECUTIONS} e WHERE id = $1`

/** Each part uses its index, or reads the active executions, which are few. */
export const FIND_RETRY = `SELECT id FROM ${ALL_EXECUTIONS} e WHERE retry_of = $1 LIMIT 1`

export const STORE_REQUEST = `
UPDATE active_executions SET request_number = request_number + 1, request = $1 WHERE id = $2`

/** Values: the time or null, the execution, the number. Changes no row if a newer request replaced it. */
export const APPLY_PAUSE = `
UPDATE active_executions
SET paused_at = CAST($1 AS bigint), request = NULL,
    status = CASE WHEN CAST($1 AS bigint) IS NOT NULL THEN 'Paused'
                  WHEN owner_seq IS NULL AND coalesce(waits_for, '-') <> '' THEN 'Pending' ELSE 'Running' END
WHERE id = $2 AND request_number = $3`

/** The request stays until the execution has ended. A newer request can only be a cancel that joined this one. */
export const APPLY_CANCEL = `
UPDATE active_executions SET cancel_requested_at = coalesce(cancel_requested_at, $1) WHERE id = $2`

/** Takes an execution from an owner that is dead, which cannot write with its number any more. */
export const RELEASE_EXECUTION = `
UPDATE active_executions
SET owner_seq = NULL, owner_number = owner_number + 1,
    status = CASE WHEN paused_at IS NULL THEN 'Pending' ELSE 'Paused' END
WHERE id = $1`

export const FIND_ENDED = 'SELECT status FROM executions WHERE id = $1'

export const CANCEL_UNFINISHED_TASKS = `
UPDATE task_runs SET status = 'Cancelled', ended_at = $1
WHERE execution_seq = $2 AND status IN ('NotStarted', 'Ready', 'Running', 'Waiting')`

export interface OwnExecutionSql extends ListingSql {
  /**
   * Inserts executions with their inputs. Rows: id, workflow, version, origin, origin source, schedule, firing, time,
   * the execution that is retried, input, number of rows after this one, limit that it waits for, priority, rank, value
   * of the limit of its workflow.
   */
  readonly insert: readonly string[]
  /** Inserts task runs after `insert`. Rows: execution id, position, task id, full name, number of later executions. */
  readonly insertTasks: string
  /** Task runs with their outputs. Rows: `seq` of an execution. */
  readonly listTasks: string
  /** Begins the first attempt of a task. Rows: start, `seq` of the execution, task id (as in the next two). */
  readonly beginTask: string
  /** Completes a task in its first attempt. Rows: start, end, position, times of the attempt, output. */
  readonly completeTask: string
  /** Rows: all columns of `CHANGED_TASK`. */
  readonly changeTask: string
  /** Moves executions to those that have ended. Rows: status, end, final task, error message, id. */
  readonly end: readonly string[]
  /** Moves firings to those whose executions have ended, except those of removed triggers. Rows: end, id. */
  readonly completeFirings: readonly string[]
}

/** Returns a statement that sets columns of task runs to constants and to the values of rows. */
export type ChangeTask = (constants: readonly string[], columns: string) => string

const FIRST_ATTEMPT = ['attempts = 1', 'recoveries = 0', 'not_before_at = NULL', 'error = NULL']
const NOT_ENDED = ['ended_at', 'finished_order', 'attempt_queued_at', 'attempt_started_at'].map(
  (name) => `${name} = NULL`,
)
const ATTEMPT_TIMES = 'attempt_queued_at bigint, attempt_started_at bigint'

/** Nearly all tasks begin once and complete. Their statements have few values, because each costs time to bind. */
export function taskChangeSql(changeTask: ChangeTask) {
  return {
    beginTask: changeTask(["status = 'Running'", ...FIRST_ATTEMPT, ...NOT_ENDED], 'started_at bigint'),
    completeTask: changeTask(
      ["status = 'Completed'", ...FIRST_ATTEMPT],
      `started_at bigint, ended_at bigint, finished_order int, ${ATTEMPT_TIMES}, output text`,
    ),
    changeTask: changeTask(
      [],
      `status text, attempts int, recoveries int, tries_later int, not_before_at bigint, started_at bigint, \
ended_at bigint, finished_order int, error text, ${ATTEMPT_TIMES}, output text`,
    ),
  }
}

export function executionSql({ insertRows, isEach, isIn, lock, rows }: Fragments) {
  const attempt = `execution_seq bigint, task_id text, attempt int, outcome text, queued_at bigint, \
started_at bigint, ended_at bigint, error text`
  /** Values: latest creation, list of living engines. */
  const isWaiting = `
    status IN ('Pending', 'Running') AND created_at <= $1 AND waits_for IS NULL
    AND (owner_seq IS NULL OR NOT ${isIn('owner_seq', '$2', 'bigint')})
    AND workflow NOT IN (SELECT workflow FROM instance_workflows WHERE ${isIn('instance_seq', '$2', 'bigint')})`
  return {
    getExecutions: `SELECT * FROM ${ALL_EXECUTIONS} e WHERE ${isEach('id', '$1', 'text')}`,
    /** Rows: `seq` of an execution, as in the next statement. */
    listInputs: `SELECT execution_seq, context FROM execution_inputs WHERE ${isEach('execution_seq', '$1', 'bigint')}`,
    listFinals: `SELECT execution_seq, context FROM execution_finals WHERE ${isEach('execution_seq', '$1', 'bigint')}`,
    /** Returns the ids that no active execution has. Rows: ids. */
    listInactive: `
SELECT id FROM ${rows('id text')} WHERE NOT EXISTS (SELECT 1 FROM active_executions a WHERE a.id = given.id)`,
    /** Rows: ids. Common values: the owner, the time. */
    own: `
UPDATE active_executions
SET owner_seq = $2, owner_number = owner_number + 1, rank = -2 * priority - 1,
    status = CASE WHEN paused_at IS NULL THEN 'Running' ELSE 'Paused' END, started_at = coalesce(started_at, $3)
WHERE ${isEach('id', '$1', 'text')}`,
    /** Locks the execution until the commit, so that no other engine takes it over. */
    findForSteering: `
SELECT ${OWNED_COLUMNS}, (SELECT instances.id FROM instances WHERE instances.seq = owner_seq) AS owner_id
FROM active_executions WHERE id = $1 ${lock('active_executions')}`,
    /** Locks an ended execution until the commit. */
    lockEnded: `SELECT seq FROM executions WHERE id = $1 ${lock('executions')}`,
    /** Values: latest creation, list of living engines, list of ids. */
    /** `waits_for`: limit that the execution waits for, or null if it waits for an engine. */
    listWaiting: `
SELECT id, workflow, waits_for, limit_value FROM active_executions
WHERE ${isIn('id', '$3', 'text')} AND (waits_for > '' OR ${isWaiting})`,
    countWaiting: `
SELECT workflow, count(*) AS executions FROM active_executions
WHERE ${isWaiting} GROUP BY workflow ORDER BY workflow`,

    /** Locks executions until the commit, so that no other engine takes one over. Rows: ids. */
    findForSettling: `
SELECT execution_seq AS seq, id, workflow, origin, origin_source, firing_id, owner_seq, owner_number, request_number,
       request, limit_value, waits_for, ${HAS_INCIDENT_OF_WORKFLOW} AS has_incident,
       origin = 'trigger' AND EXISTS (
         SELECT 1 FROM active_executions w
         WHERE w.waits_for = 'trigger:' || active_executions.origin_source) AS has_waiting
FROM active_executions WHERE ${isEach('id', '$1', 'text')} ORDER BY execution_seq ${lock('active_executions')}`,
    /** An engine may report the end of an attempt that another engine has stored as lost: the report replaces it. */
    insertAttempts: `
${insertRows('attempts', attempt)}
ON CONFLICT (execution_seq, task_id, attempt) DO UPDATE
SET outcome = excluded.outcome, queued_at = excluded.queued_at, started_at = excluded.started_at,
    ended_at = excluded.ended_at, error = excluded.error`,
    /** Rows: ids. */
    disown: `UPDATE active_executions SET owner_seq = NULL WHERE ${isEach('id', '$1', 'text')}`,
    insertFinals: insertRows('execution_finals', 'execution_seq bigint, context text'),
  }
}
