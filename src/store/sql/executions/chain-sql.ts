/** The SQL of chains, of the results that tasks stored, and of the child executions that they started. */

import type { Fragments } from '../sql-fragments.ts'

/** Value 1: id of an execution. */
const CHAIN = 'coalesce((SELECT chain_id FROM execution_chains WHERE execution_id = $1), $1)'

/** Whether the tables of chains have any rows. Most databases have none. */
export const HAS_CHAINS = `
SELECT EXISTS (SELECT 1 FROM execution_chains) OR EXISTS (SELECT 1 FROM once_results)
    OR EXISTS (SELECT 1 FROM child_executions) AS "isAny"`

/** Values: chain, task, name. */
export const FIND_RESULT = 'SELECT result FROM once_results WHERE chain_id = $1 AND task_id = $2 AND name = $3'

/** Values: chain, task, name, time, result, id of an execution that must be active. Keeps a stored result. */
export const INSERT_RESULT = `
INSERT INTO once_results (chain_id, task_id, name, created_at, result)
SELECT CAST($1 AS text), CAST($2 AS text), CAST($3 AS text), CAST($4 AS bigint), CAST($5 AS text)
WHERE EXISTS (SELECT 1 FROM active_executions WHERE id = $6)
ON CONFLICT (chain_id, task_id, name) DO NOTHING`

/** Values: chain, task, key. */
export const FIND_CHILD = `
SELECT child_id AS "executionId", workflow FROM child_executions WHERE chain_id = $1 AND task_id = $2 AND key = $3`

/** Values: all columns. Keeps the child that has the key. */
export const INSERT_CHILD = `
INSERT INTO child_executions (chain_id, task_id, key, child_id, workflow, depth, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (chain_id, task_id, key) DO NOTHING`

/** Values: chain, task, key. */
export const DELETE_CHILD = 'DELETE FROM child_executions WHERE chain_id = $1 AND task_id = $2 AND key = $3'

/**
 * Returns the nearest execution above a new child that uses a slot of the limit of the child. Values: id of the parent,
 * workflow, value.
 */
export const FIND_HOLDER_ABOVE = `
WITH RECURSIVE above (id, parent, workflow, limit_value, distance) AS (
  SELECT id, CASE WHEN origin = 'child' THEN origin_source END, workflow, limit_value, 1
  FROM active_executions WHERE id = $1
  UNION ALL
  SELECT a.id, CASE WHEN a.origin = 'child' THEN a.origin_source END, a.workflow, a.limit_value, distance + 1
  FROM above JOIN active_executions a ON a.id = above.parent
)
SELECT id FROM above WHERE workflow = $2 AND limit_value = $3 ORDER BY distance LIMIT 1`

/** Values: chain of a child. */
export const FIND_DEPTH = 'SELECT max(depth) AS depth FROM child_executions WHERE child_id = $1'

/** Values: id of an execution. */
export const LIST_CHILDREN = `
SELECT c.task_id AS "taskId", c.key, c.child_id AS "executionId", c.workflow, coalesce(
  (SELECT a.status FROM active_executions a WHERE a.id = c.child_id),
  (SELECT e.status FROM executions e WHERE e.id = c.child_id)) AS status
FROM child_executions c WHERE c.chain_id = ${CHAIN} ORDER BY c.created_at, c.child_id`

/** Returns the active children of tasks that have not ended, or that a cancel has ended. Values: id of an execution. */
export const LIST_AWAITED_CHILDREN = `
SELECT a.id FROM active_executions p
JOIN child_executions c
  ON c.chain_id = coalesce((SELECT e.chain_id FROM execution_chains e WHERE e.execution_id = p.id), p.id)
JOIN task_runs t ON t.execution_seq = p.execution_seq AND t.task_id = c.task_id
JOIN active_executions a ON a.id = c.child_id
WHERE p.id = $1 AND t.status NOT IN ('Completed', 'Failed', 'Skipped') ORDER BY a.execution_seq`

const exists = (id: string): string => `(
  EXISTS (SELECT 1 FROM executions e WHERE e.id = ${id})
  OR EXISTS (SELECT 1 FROM active_executions a WHERE a.id = ${id}))`

/** Condition: an execution of the chain is in the database. */
const isLiving = (chain: string): string => `(
  ${exists(chain)}
  OR EXISTS (SELECT 1 FROM execution_chains c WHERE c.chain_id = ${chain} AND ${exists('c.execution_id')}))`

/** Values: time before which rows are old, number of rows. Removes rows of chains without executions. */
const pruneOldest = (table: string, key: string, isKept: string): string => `
DELETE FROM ${table} WHERE (${key}) IN (
  SELECT ${key} FROM ${table} old WHERE created_at < $1 AND NOT ${isKept} ORDER BY created_at LIMIT $2)`

/** Statements of `pruneOldest`. That of the chains is the last one, because the others depend on it. */
export const PRUNE_CHAINS = [
  pruneOldest('once_results', 'chain_id, task_id, name', isLiving('old.chain_id')),
  pruneOldest('child_executions', 'chain_id, task_id, key', isLiving('old.chain_id')),
  pruneOldest('execution_chains', 'execution_id', exists('old.execution_id')),
]

export function chainSql({ isEach, rows }: Fragments) {
  const ofTask = (table: string): string => `
DELETE FROM ${table} WHERE (chain_id, task_id) IN (
  SELECT chain_id, task_id FROM ${rows('execution_id text, task_id text')} JOIN execution_chains USING (execution_id))`
  const ofEnded = (table: string): string =>
    `DELETE FROM ${table} WHERE ${isEach('chain_id', '$1', 'text')} AND NOT ${isLiving(`${table}.chain_id`)}`
  return {
    /** Adds retries to the chains of the executions that they retry. Rows: id, execution that it retries, time. */
    insertChains: `
INSERT INTO execution_chains (execution_id, chain_id, created_at)
SELECT id, coalesce((SELECT c.chain_id FROM execution_chains c WHERE c.execution_id = retry_of), retry_of), at
FROM ${rows('id text, retry_of text, at bigint')}`,
    /** Rows: ids of executions. Executions that are the first of their chains are missing. */
    listChains: `
SELECT execution_id AS "id", chain_id AS "chainId" FROM execution_chains WHERE ${isEach('execution_id', '$1', 'text')}`,
    /** Deletes results and children of tasks from the chains of retries. Rows: id of the retry, task id. */
    forget: [ofTask('once_results'), ofTask('child_executions')],
    /** Rows: ids of removed executions. */
    deleteMembers: `DELETE FROM execution_chains WHERE ${isEach('execution_id', '$1', 'text')}`,
    /** Deletes rows of chains without executions. Rows: chains. */
    deleteEnded: [ofEnded('once_results'), ofEnded('child_executions')],
  }
}
