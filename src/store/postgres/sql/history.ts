/** The statements of the history for PostgreSQL. */

import { COUNTED_AT_MOST, TREND_AT_MOST } from '../../history-shapes.ts'
import { ALL_EXECUTIONS } from '../../sql/executions/columns.ts'
import type { OwnHistorySql, Part } from '../../sql/history/executions.ts'

const PARTS: readonly Part[] = [{ table: 'executions' }, { table: 'active_executions' }]

export const HISTORY: OwnHistorySql = {
  listTasks: `
SELECT t.position AS seq, t.task_id, full_name, status, attempts, recoveries, not_before_at, started_at, ended_at,
       finished_order, error, octet_length(o.context) AS output_bytes
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
