/** The statements about executions for SQLite. */

import { ACTIVE_COLUMNS, ENDED_COLUMNS, TASK_COLUMNS } from '../../sql/executions/columns.ts'
import { type ChangeTask, type OwnExecutionSql, taskChangeSql } from '../../sql/executions/execution-sql.ts'
import { ACTIVE_STATUSES } from '../../sql/executions/listing.ts'
import { columnNames } from '../../sql/sql-fragments.ts'

/**
 * Active executions for `ORDER BY created_at, seq`. SQLite moves the conditions of the outer statement into each part,
 * and merges the parts, which it reads in the order of the index:
 *
 *   MERGE (UNION ALL)
 *   SEARCH active_executions USING INDEX active_executions_by_status (status=?), for each active status
 */
const ACTIVE_PARTS = ACTIVE_STATUSES.map(
  (status) => `SELECT ${ACTIVE_COLUMNS} FROM active_executions WHERE status = '${status}'`,
).join(' UNION ALL ')

export const ACTIVE_EXECUTIONS = `(${ACTIVE_PARTS})`

/** Active and ended executions for `ORDER BY created_at, seq` with a small limit. SQLite merges these parts, too. */
export const EXECUTIONS_IN_ORDER = `(SELECT ${ENDED_COLUMNS} FROM executions UNION ALL ${ACTIVE_PARTS})`

const changeTask: ChangeTask = (constants, columns) => {
  const names = columnNames(columns)
  const values = names.map((name, index) => `${name} = $${index + 1}`)
  const output = names.includes('output') ? [] : ['output = NULL']
  return `
UPDATE task_runs SET ${[...constants, ...output, ...values].join(', ')}
WHERE execution_seq = $${names.length + 1} AND task_id = $${names.length + 2}`
}

export const EXECUTIONS: OwnExecutionSql = {
  // An input gives its execution the number, and the inputs of one statement have consecutive numbers: one seek, where
  // the largest number of both tables of executions would be two. `active_executions` has no rowid.
  insert: [
    'INSERT INTO execution_inputs (context) VALUES ($10)',
    `
INSERT INTO active_executions
  (execution_seq, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of, waits_for,
   priority, rank, queued_at, limit_value)
VALUES (last_insert_rowid() - $11, $1, $2, $3, $4, $5, $6, $7, $8, $9, $12, $13, $14, $8, $15)`,
  ],

  insertTasks: `
INSERT INTO task_runs (execution_seq, position, task_id, full_name)
VALUES ((SELECT max(execution_seq) FROM execution_inputs) - $5, $2, $3, $4)`,

  listTasks: `
SELECT execution_seq, position AS seq, ${TASK_COLUMNS}, output AS "outputText"
FROM task_runs t WHERE execution_seq = $1`,

  active: ACTIVE_EXECUTIONS,
  all: null,
  unindexed: (column) => `+${column}`,
  firstSeqOfDay: null,

  ...taskChangeSql(changeTask),

  end: [
    `
INSERT INTO executions
  (seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at,
   final_task_id, error_message, cause, retry_of, cancel_requested_at, priority)
SELECT execution_seq, id, workflow, version, $1, origin, origin_source, schedule_id, firing_id, created_at, started_at,
       $2, $3, $4, $5, retry_of, cancel_requested_at, priority
FROM active_executions WHERE id = $6`,
    'DELETE FROM active_executions WHERE id = $6',
  ],

  completeFirings: [
    `
INSERT INTO firings (seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at)
SELECT seq, id, trigger_seq, context_hash, execution_id, fired_at, $1 FROM active_firings WHERE id = $2`,
    'DELETE FROM active_firings WHERE id = $2',
  ],
}
