/** The SQL of executions and their task runs, except for settlements and lists. */

import type { Fragments } from '../fragments.ts'
import { ALL_EXECUTIONS, OWNED_COLUMNS } from './columns.ts'
import type { ListingSql } from './listing.ts'
import type { OwnSettlementSql } from './settlements.ts'

export const GET_EXECUTION = `SELECT * FROM ${ALL_EXECUTIONS} e WHERE id = $1`

/** No status is in both tables. */
export const COUNT_EXECUTIONS = `
SELECT status, count(*) AS count FROM executions GROUP BY status
UNION ALL SELECT status, count(*) FROM active_executions GROUP BY status`

/** By the range of texts with this beginning: `LIKE` cannot use the index. */
export const FIND_EXECUTION_IDS = `
SELECT id FROM ${ALL_EXECUTIONS} e WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`

/** The execution after which a list continues. */
export const FIND_EXECUTION = `SELECT created_at AS at, seq FROM ${ALL_EXECUTIONS} e WHERE id = $1`

// -- requests

export const STORE_REQUEST = `
UPDATE active_executions SET request_number = request_number + 1, request = $1 WHERE id = $2`

/** Values: the time or null, the execution, the number. Changes no row if a newer request replaced it. */
export const APPLY_PAUSE = `
UPDATE active_executions
SET paused_at = CAST($1 AS bigint), request = NULL,
    status = CASE WHEN CAST($1 AS bigint) IS NOT NULL THEN 'Paused'
                  WHEN owner_seq IS NULL THEN 'Pending' ELSE 'Running' END
WHERE id = $2 AND request_number = $3`

/** The request stays until the execution has ended. */
export const APPLY_CANCEL = `
UPDATE active_executions SET cancel_requested_at = coalesce(cancel_requested_at, $1)
WHERE id = $2 AND request_number = $3`

/** Takes an execution from an owner that is dead, which cannot write with its number any more. */
export const RELEASE_EXECUTION = `
UPDATE active_executions
SET owner_seq = NULL, owner_number = owner_number + 1,
    status = CASE WHEN paused_at IS NULL THEN 'Pending' ELSE 'Paused' END
WHERE id = $1`

/** Statements that each database has in its own form. Rows are those of `each`. */
export interface OwnExecutionSql extends ListingSql, OwnSettlementSql {
  /**
   * Inserts executions with their inputs. Rows: id, workflow, version, origin, origin source, schedule, firing, time,
   * the execution that is retried, input, number of rows after this one.
   */
  readonly insert: readonly string[]
  /**
   * Inserts task runs after `insert`. Rows: id of the execution, position, task id, full name, number of executions
   * after this one.
   */
  readonly insertTasks: string
  /** Task runs with their outputs. Rows: `seq` of an execution. */
  readonly listTasks: string
}

export function executionSql({ isEach, isIn, lock, rows }: Fragments) {
  /** Values: latest creation, list of living engines. */
  const isWaiting = `
    status IN ('Pending', 'Running') AND created_at <= $1
    AND (owner_seq IS NULL OR NOT ${isIn('owner_seq', '$2', 'bigint')})
    AND workflow NOT IN (SELECT workflow FROM instance_workflows WHERE ${isIn('instance_seq', '$2', 'bigint')})`
  return {
    /** Rows: ids of executions. */
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
SET owner_seq = $2, owner_number = owner_number + 1,
    status = CASE WHEN paused_at IS NULL THEN 'Running' ELSE 'Paused' END, started_at = coalesce(started_at, $3)
WHERE ${isEach('id', '$1', 'text')}`,
    /** Locks the execution until the commit, so that no other engine takes it over. */
    findForSteering: `
SELECT ${OWNED_COLUMNS}, (SELECT instances.id FROM instances WHERE instances.seq = owner_seq) AS owner_id
FROM active_executions WHERE id = $1 ${lock('active_executions')}`,
    /** Values: latest creation, list of living engines, list of ids. */
    listWaiting: `SELECT id FROM active_executions WHERE ${isIn('id', '$3', 'text')} AND ${isWaiting}`,
    countWaiting: `
SELECT workflow, count(*) AS executions FROM active_executions
WHERE ${isWaiting} GROUP BY workflow ORDER BY workflow`,
  }
}
