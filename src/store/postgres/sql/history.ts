/** The statements of the history for PostgreSQL. */

import { ALL_EXECUTIONS, TASK_COLUMNS } from '../../sql/executions/columns.ts'
import { COUNTED_AT_MOST, type OwnHistorySql, type Part, TREND_AT_MOST } from '../../sql/history/executions.ts'

const PARTS: readonly Part[] = [{ table: 'executions' }, { table: 'active_executions' }]

export const HISTORY: OwnHistorySql = {
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
