/** The statements about executions for PostgreSQL. */

import { ACTIVE_COLUMNS, ALL_EXECUTIONS, TASK_COLUMNS } from '../../sql/executions/columns.ts'
import { type ChangeTask, type OwnExecutionSql, taskChangeSql } from '../../sql/executions/execution-sql.ts'
import { columnNames } from '../../sql/sql-fragments.ts'
import { firstSeq, newSeq } from '../schema/table-families.ts'
import { FRAGMENTS, numberedRows } from './postgres-sql-fragments.ts'

/** Outputs are in a separate table. The last condition selects the partitions. */
const changeTask: ChangeTask = (constants, columns) => {
  const names = columnNames(columns)
  const values = names.flatMap((name) => (name === 'output' ? [] : `${name} = g.${name}`))
  const saved = `, saved AS (
  INSERT INTO task_outputs (execution_seq, task_id, context)
  SELECT execution_seq, task_id, output FROM given WHERE output IS NOT NULL
  ON CONFLICT (execution_seq, task_id) DO UPDATE SET context = excluded.context
)`
  return `
WITH given AS (
  SELECT * FROM ${FRAGMENTS.rows(`${columns}, execution_seq bigint, task_id text`)}
)${names.includes('output') ? saved : ''}
UPDATE task_runs t SET ${[...constants, ...values].join(', ')} FROM given g
WHERE t.execution_seq = g.execution_seq AND t.task_id = g.task_id
  AND t.execution_seq = ANY ($${names.length + 1}::bigint[])`
}

const INSERTED_COLUMNS =
  'id text, workflow text, version text, origin text, origin_source text, schedule_id text, firing_id text, ' +
  'created_at bigint, retry_of text, context text, _ int, waits_for text, ' +
  'priority int, rank int, limit_value text'

export const EXECUTIONS: OwnExecutionSql = {
  insert: [
    `
WITH given AS (
  SELECT * FROM ${numberedRows(INSERTED_COLUMNS)}
), added AS (
  INSERT INTO active_executions
    (execution_seq, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of,
     waits_for, priority, rank, queued_at, limit_value)
  SELECT ${newSeq('created_at')}, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at,
         retry_of, waits_for, priority, rank, created_at, limit_value
  FROM given ORDER BY n
  RETURNING execution_seq, id
)
INSERT INTO execution_inputs (execution_seq, context)
SELECT added.execution_seq, given.context FROM added JOIN given USING (id)`,
  ],

  insertTasks: `
INSERT INTO task_runs (execution_seq, position, task_id, full_name)
SELECT a.execution_seq, position, task_id, full_name
FROM ${FRAGMENTS.rows('execution_id text, position int, task_id text, full_name text, _ int')}
JOIN active_executions a ON a.id = execution_id AND a.id = ANY ($1::text[])`,

  // A condition for each of the two tables, so that only the partitions of these executions are read.
  listTasks: `
SELECT t.execution_seq, t.position AS seq, ${TASK_COLUMNS}, o.context AS "outputText"
FROM task_runs t LEFT JOIN task_outputs o
  ON o.execution_seq = t.execution_seq AND o.task_id = t.task_id AND o.execution_seq = ANY ($1::bigint[])
WHERE t.execution_seq = ANY ($1::bigint[])`,

  active: `(SELECT ${ACTIVE_COLUMNS} FROM active_executions)`,
  all: ALL_EXECUTIONS,
  unindexed: (column) => column,
  firstSeqOfDay: firstSeq,

  ...taskChangeSql(changeTask),

  end: [
    `
WITH ended AS (
  DELETE FROM active_executions a
  USING ${FRAGMENTS.rows('ended_as text, ended_at bigint, final_task_id text, error_message text, cause text, id text')}
  WHERE a.id = given.id AND a.id = ANY ($6::text[])
  RETURNING a.execution_seq, a.id, a.workflow, a.version, ended_as, a.origin, a.origin_source, a.schedule_id,
            a.firing_id, a.created_at, a.started_at, ended_at, final_task_id, error_message, cause, a.retry_of,
            a.cancel_requested_at, a.priority
)
INSERT INTO executions
  (seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at,
   final_task_id, error_message, cause, retry_of, cancel_requested_at, priority)
SELECT * FROM ended`,
  ],

  completeFirings: [
    `
WITH completed AS (
  DELETE FROM active_firings f USING ${FRAGMENTS.rows('at bigint, id text')} WHERE f.id = given.id
  RETURNING f.seq, f.id, trigger_seq, context_hash, execution_id, fired_at, at
)
INSERT INTO firings (seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at) SELECT * FROM completed`,
  ],
}
