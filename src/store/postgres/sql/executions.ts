/** The statements about executions for PostgreSQL. */

import { ACTIVE_COLUMNS, ALL_EXECUTIONS, TASK_COLUMNS } from '../../sql/executions/columns.ts'
import type { OwnExecutionSql } from '../../sql/executions/executions.ts'
import { type ChangeTask, taskChangeSql } from '../../sql/executions/settlements.ts'
import { firstSeq, newSeq } from '../schema/families.ts'
import { FRAGMENTS, parsed } from './fragments.ts'

/** Outputs are in a table of their own. The last condition selects the partitions. */
const changeTask: ChangeTask = ({ constants, columns }) => {
  const { names } = parsed(columns, 1)
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

export const EXECUTIONS: OwnExecutionSql = {
  insert: [
    `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::bigint[], $9::text[], $10::text[], $11::int[])
    WITH ORDINALITY
    AS g (id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of, context, _, n)
), added AS (
  INSERT INTO active_executions
    (execution_seq, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at, retry_of)
  SELECT ${newSeq('created_at')}, id, workflow, version, origin, origin_source, schedule_id, firing_id, created_at,
         retry_of
  FROM given ORDER BY n
  RETURNING execution_seq, id
)
INSERT INTO execution_inputs (execution_seq, context)
SELECT added.execution_seq, given.context FROM added JOIN given USING (id)`,
  ],

  insertTasks: `
INSERT INTO task_runs (execution_seq, position, task_id, full_name)
SELECT a.execution_seq, g.position, g.task_id, g.full_name
FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[])
  AS g (execution_id, position, task_id, full_name, _)
JOIN active_executions a ON a.id = g.execution_id AND a.id = ANY ($1::text[])`,

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
  USING unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[])
    AS g (ended_as, ended_at, final_task_id, error_message, id)
  WHERE a.id = g.id AND a.id = ANY ($5::text[])
  RETURNING a.execution_seq, a.id, a.workflow, a.version, g.ended_as, a.origin, a.origin_source, a.schedule_id,
            a.firing_id, a.created_at, a.started_at, g.ended_at, g.final_task_id, g.error_message, a.retry_of,
            a.cancel_requested_at
)
INSERT INTO executions
  (seq, id, workflow, version, status, origin, origin_source, schedule_id, firing_id, created_at, started_at, ended_at,
   final_task_id, error_message, retry_of, cancel_requested_at)
SELECT * FROM ended`,
  ],

  completeFirings: [
    `
WITH completed AS (
  DELETE FROM active_firings f USING unnest($1::bigint[], $2::text[]) AS g (at, id) WHERE f.id = g.id
  RETURNING f.seq, f.id, trigger_seq, context_hash, execution_id, fired_at, g.at
)
INSERT INTO firings (seq, id, trigger_seq, context_hash, execution_id, fired_at, completed_at) SELECT * FROM completed`,
  ],
}
