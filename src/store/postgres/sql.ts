/** The statements of PostgreSQL. */

import { dialectSql, type OwnSql } from '../sql/dialect.ts'
import { ALL_EXECUTIONS, TASK_COLUMNS } from '../sql/executions/columns.ts'
import { COUNTED_AT_MOST, type OwnHistorySql, type Part, TREND_AT_MOST } from '../sql/history/executions.ts'
import { OF_CRON, OF_TRIGGER } from '../sql/instance-code.ts'
import { FAMILIES } from './schema/families.ts'
import { EXECUTIONS } from './sql/executions.ts'
import { FRAGMENTS, numberedRows } from './sql/fragments.ts'
import { TRIGGERS } from './sql/triggers.ts'

const TABLES_OF_EXECUTION = FAMILIES.flatMap(({ tables }) =>
  tables.flatMap(({ key, name }) => (key === 'execution_seq' ? name : [])),
)

const PARTS: readonly Part[] = [{ table: 'executions' }, { table: 'active_executions' }]

const HISTORY: OwnHistorySql = {
  listTasks: `
SELECT ${TASK_COLUMNS}, octet_length(o.context) AS "outputBytes"
FROM task_runs t LEFT JOIN task_outputs o ON o.execution_seq = $1 AND o.task_id = t.task_id
WHERE t.execution_seq = $1 ORDER BY t.position`,
  getOutput: 'SELECT context FROM task_outputs WHERE execution_seq = $1 AND task_id = $2',
  failed: 'executions',
  inOrder: ALL_EXECUTIONS,
  parts: PARTS,
  partsInOrder: PARTS,
  partsOfOne: PARTS,
  maxOfOne: { counted: COUNTED_AT_MOST, trend: TREND_AT_MOST },
  countsNewest: false,
}

/** By the columns that select the partition and its index. */
const DELETE_HISTORY: OwnSql['deleteHistory'] = [
  `DELETE FROM ticks t USING (SELECT outcome, last_at, seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND t.outcome = g.outcome AND t.last_at = g.last_at AND t.seq = g.seq`,
  `DELETE FROM firings f USING (SELECT fired_at, seq FROM firings WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND f.fired_at = g.fired_at AND f.seq = g.seq`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings c USING (SELECT claimed_at, seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2) g
   WHERE ${OF_CRON} AND c.claimed_at = g.claimed_at AND c.seq = g.seq`,
]

/** Locks the graphs in the order of their names, so that two deliveries never wait for each other. */
const PASS_TO_GRAPH = `
WITH passed AS (
  SELECT graphs.seq, after, n
  FROM ${numberedRows('name text, reactor text, before bigint, after bigint')}
  JOIN graphs USING (name, reactor)
  WHERE graphs.done_sequence = before
  ORDER BY graphs.name FOR NO KEY UPDATE OF graphs
)
UPDATE graphs SET done_sequence = passed.after FROM passed WHERE graphs.seq = passed.seq RETURNING passed.n`

export const SQL = dialectSql(FRAGMENTS, {
  executions: EXECUTIONS,
  history: HISTORY,
  triggers: TRIGGERS,
  deleteHistory: DELETE_HISTORY,
  passToGraph: PASS_TO_GRAPH,
  tablesOfExecution: TABLES_OF_EXECUTION,
})
