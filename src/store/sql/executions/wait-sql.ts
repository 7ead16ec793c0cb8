/** The SQL of waits of nodes. `outcome` is null while a wait is open. */

import { withNames } from '../named.ts'
import type { Fragments } from '../sql-fragments.ts'

export const NEXT_DEADLINE = `
SELECT min(deadline_at) AS at FROM waits WHERE outcome IS NULL AND deadline_at IS NOT NULL`

/** Values: the time, the number of rows. */
export const LIST_DUE_WAITS = `
SELECT execution_seq, task_id, kind FROM waits
WHERE outcome IS NULL AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2`

/** Values: id of an instance. */
export const LIST_ENDED_WAITS = `
SELECT id AS "executionId", task_id AS "taskId", outcome, ended_at AS "endedAt", payload
FROM waits JOIN active_executions a ON a.execution_seq = waits.execution_seq
WHERE outcome IS NOT NULL AND owner_seq = (SELECT seq FROM instances WHERE instances.id = $1)
ORDER BY ended_at, task_id`

/** Open waits of nodes. */
const OF_NODE = "w.outcome IS NULL AND w.kind <> 'child' AND w.kind <> 'limit'"

/** Reads a few index entries per node, however many waits are open. */
export const LIST_WAITING_NODES = `
WITH RECURSIVE names (workflow) AS (
  SELECT min(w.workflow) FROM waits w WHERE ${OF_NODE}
  UNION ALL
  SELECT (SELECT min(w.workflow) FROM waits w
    WHERE ${OF_NODE} AND w.workflow > names.workflow)
  FROM names WHERE names.workflow IS NOT NULL
), nodes (workflow, task_id) AS (
  SELECT names.workflow, (SELECT min(w.task_id) FROM waits w
    WHERE ${OF_NODE} AND w.workflow = names.workflow)
  FROM names WHERE names.workflow IS NOT NULL
  UNION ALL
  SELECT nodes.workflow, (SELECT min(w.task_id) FROM waits w
    WHERE ${OF_NODE} AND w.workflow = nodes.workflow AND w.task_id > nodes.task_id)
  FROM nodes WHERE nodes.task_id IS NOT NULL
)
SELECT workflow, task_id AS "taskId" FROM nodes WHERE task_id IS NOT NULL`

/** Values: workflow, time, later time, number of rows. */
export const LIST_UNJUDGED = `
SELECT id FROM active_executions
WHERE owner_seq IS NULL AND waits_for = '' AND workflow = $1 AND created_at > $2 AND created_at <= $3
  AND NOT EXISTS (SELECT 1 FROM judged_deadlines WHERE key = 'deadline of ' || active_executions.id)
ORDER BY created_at, execution_seq LIMIT $4`

/** Values: workflow, task id. */
export const MAKE_NODES_AVAILABLE = `
UPDATE active_executions SET waits_for = NULL
WHERE waits_for = '' AND execution_seq IN (
  SELECT w.execution_seq FROM waits w
  WHERE ${OF_NODE} AND w.workflow = $1 AND w.task_id = $2
)
RETURNING id`

/** Reads each open wait for a slot, once after the code has changed. */
export const LIST_WAITED_LIMITS = `
SELECT DISTINCT workflow, task_id AS "taskId", limit_name AS "limit" FROM waits
WHERE outcome IS NULL AND limit_name IS NOT NULL`

/** Makes executions available that have only waits. Values: workflow, task id, limit. */
export const LEAVE_LIMIT = `
UPDATE active_executions SET waits_for = NULL
WHERE waits_for = '' AND execution_seq IN (
  SELECT w.execution_seq FROM waits w
  WHERE w.outcome IS NULL AND w.limit_name IS NOT NULL AND w.limit_name = $3 AND w.workflow = $1 AND w.task_id = $2
)
RETURNING id`

const WAIT_COLUMNS = withNames(`
  w.execution_seq, w.task_id, w.kind, w.opened_at, w.deadline_at, w.outcome, w.ended_at, w.payload, w.signal,
  w.wait_key, w.approval_id, w.limit_name, w.limit_value, p.title, p.form`)

/** Waits with the titles and forms of their approvals. */
const WAITS = 'waits w LEFT JOIN approvals p ON p.id = w.approval_id'

export const COUNT_OPEN_WAITS = 'SELECT kind, count(*) AS open FROM waits WHERE outcome IS NULL GROUP BY kind'

/** Values: id of a child execution. */
export const LIST_WAITS_FOR_CHILD = `
SELECT w.execution_seq, w.task_id, a.id
FROM waits w JOIN active_executions a ON a.execution_seq = w.execution_seq
WHERE w.wait_key = $1 AND w.kind = 'child' AND w.outcome IS NULL`

/** Values: number of an execution. */
export const DELETE_WAITS = 'DELETE FROM waits WHERE execution_seq = $1'

export function waitSql({ insertRows, isEach, isIn, rows, lock, updateHits }: Fragments) {
  const key = 'execution_seq bigint, task_id text'
  const times = 'opened_at bigint, deadline_at bigint'
  const isGiven = `(execution_seq, task_id) IN (SELECT execution_seq, task_id FROM ${rows(key)})`
  return {
    /** Rows: number of the execution, task id, workflow, kind, opening, deadline, and what depends on the kind. */
    open: `
${insertRows('waits', `${key}, workflow text, kind text, ${times}, signal text, wait_key text, approval_id text`)}
ON CONFLICT (execution_seq, task_id) DO NOTHING`,
    /** Rows: number of the execution, task id. */
    remove: `DELETE FROM waits WHERE ${isGiven}`,
    /** Rows: number of an execution. */
    listWaits: `SELECT ${WAIT_COLUMNS} FROM ${WAITS} WHERE ${isEach('w.execution_seq', '$1', 'bigint')}`,
    /** Open waits of executions, the oldest first. Value: list of ids. */
    listOpenOfAll: `
SELECT a.id AS "executionId", ${WAIT_COLUMNS}
FROM active_executions a JOIN waits w ON w.execution_seq = a.execution_seq
LEFT JOIN approvals p ON p.id = w.approval_id
WHERE ${isIn('a.id', '$1', 'text')} AND outcome IS NULL ORDER BY w.opened_at, w.task_id`,
    /** Locks executions until the commit, so that their owners cannot release them now. Rows: numbers. */
    lockExecutions: `
SELECT execution_seq AS seq, id, owner_seq FROM active_executions
WHERE ${isEach('execution_seq', '$1', 'bigint')} ORDER BY execution_seq ${lock('active_executions')}`,
    /** For `eachHit`: ends open waits. Rows: number of the execution, task id, outcome, end, payload. */
    end: updateHits(
      'waits',
      `${key}, outcome text, ended_at bigint, payload text`,
      (given) => `outcome = ${given('outcome')}, ended_at = ${given('ended_at')}, payload = ${given('payload')}`,
      (given) => `waits.execution_seq = ${given('execution_seq')} AND waits.task_id = ${given('task_id')}
  AND waits.outcome IS NULL`,
    ),
    /** Makes executions available that have only waits. Rows: numbers. */
    makeAvailable: `
UPDATE active_executions SET waits_for = NULL
WHERE ${isEach('execution_seq', '$1', 'bigint')} AND waits_for = '' RETURNING id`,
    /** Releases executions that have only waits. They stay available if a wait has ended. Rows: ids. */
    release: `
UPDATE active_executions SET owner_seq = NULL, waits_for = CASE WHEN EXISTS (
  SELECT 1 FROM waits w WHERE w.execution_seq = active_executions.execution_seq AND w.outcome IS NOT NULL
) THEN NULL ELSE '' END WHERE ${isEach('id', '$1', 'text')}`,
  }
}
