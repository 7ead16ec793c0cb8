/** The SQL of settlements: changes of tasks, attempts and ends of executions. */

import type { Fragments } from '../fragments.ts'

export const FIND_ENDED = 'SELECT status FROM executions WHERE id = $1'

export const CANCEL_UNFINISHED_TASKS = `
UPDATE task_runs SET status = 'Cancelled', ended_at = $1
WHERE execution_seq = $2 AND status IN ('NotStarted', 'Ready', 'Running')`

/**
 * Statements that each database has in its own form. Rows are those of `each`. The rows of the first three end with the
 * `seq` of the execution and the task id.
 */
export interface OwnSettlementSql {
  /** The first attempt of a task begins. Rows: start. */
  readonly beginTask: string
  /** A task completes in its first attempt. Rows: start, end, position, times of the attempt, output. */
  readonly completeTask: string
  /** Rows: all columns of `CHANGED_TASK`. */
  readonly changeTask: string
  /** Moves executions to those that have ended. Rows: status, end, final task, error message, id. */
  readonly end: readonly string[]
  /** Moves firings to those whose executions have ended, except those of removed triggers. Rows: end, id. */
  readonly completeFirings: readonly string[]
}

/** Returns a statement that sets columns of task runs to constants and to the values of rows. */
export type ChangeTask = (change: { readonly constants: readonly string[]; readonly columns: string }) => string

const FIRST_ATTEMPT = ['attempts = 1', 'recoveries = 0', 'not_before_at = NULL', 'error = NULL']
const NO_ATTEMPT_TIMES = ['attempt_queued_at = NULL', 'attempt_started_at = NULL']
const ATTEMPT_TIMES = 'attempt_queued_at bigint, attempt_started_at bigint'

/** Nearly all tasks begin once and complete: their statements have few values to bind, because each costs time. */
export function taskChangeSql(changeTask: ChangeTask) {
  return {
    beginTask: changeTask({
      constants: [
        "status = 'Running'",
        ...FIRST_ATTEMPT,
        'ended_at = NULL',
        'finished_order = NULL',
        ...NO_ATTEMPT_TIMES,
      ],
      columns: 'started_at bigint',
    }),
    completeTask: changeTask({
      constants: ["status = 'Completed'", ...FIRST_ATTEMPT],
      columns: `started_at bigint, ended_at bigint, finished_order int, ${ATTEMPT_TIMES}, output text`,
    }),
    changeTask: changeTask({
      constants: [],
      columns: `status text, attempts int, recoveries int, not_before_at bigint, started_at bigint, ended_at bigint, \
finished_order int, error text, ${ATTEMPT_TIMES}, output text`,
    }),
  }
}

export function settlementSql({ insertRows, isEach, lock }: Fragments) {
  const attempt = `execution_seq bigint, task_id text, attempt int, outcome text, queued_at bigint, \
started_at bigint, ended_at bigint, error text`
  return {
    /** Locks executions until the commit, so that no other engine takes one over. Rows: ids. */
    findForSettling: `
SELECT execution_seq AS seq, id, origin, firing_id, owner_seq, owner_number, request_number, request
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
