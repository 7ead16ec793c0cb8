/** The statements of SQLite. */

import { dialectSql, type OwnSql } from '../sql/dialect.ts'
import { TASK_COLUMNS } from '../sql/executions/columns.ts'
import { ACTIVE_STATUSES, ENDED, ENDED_STATUSES, executionsWith, STATUSES } from '../sql/executions/listing.ts'
import { OF_CRON, OF_TRIGGER } from '../sql/instance-code.ts'
import { ACTIVE, EXECUTIONS, IN_ORDER } from './sql/executions.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { TRIGGERS } from './sql/triggers.ts'

const HISTORY: OwnSql['history'] = {
  listTasks: `
SELECT ${TASK_COLUMNS}, octet_length(output) AS "outputBytes"
FROM task_runs t WHERE execution_seq = $1 ORDER BY position`,
  getOutput: 'SELECT output AS context FROM task_runs WHERE execution_seq = $1 AND task_id = $2',
  // Without `INDEXED BY`, SQLite sorts all failed executions: 70 ms for 17,000.
  failed: 'executions INDEXED BY executions_failed',
  inOrder: IN_ORDER,
  // Without `INDEXED BY`, SQLite uses `executions_by_creation` and reads the rows.
  parts: [
    { table: 'executions INDEXED BY executions_by_status', statuses: ENDED_STATUSES },
    { table: 'active_executions', statuses: ACTIVE_STATUSES },
  ],
  partsInOrder: STATUSES.map((status) => ({ table: executionsWith(status), statuses: [status] })),
  partsOfOne: [{ table: ENDED }, { table: ACTIVE }],
  // Rows are read: 2,500 take 1.4 ms, where counting 10,000 through an index takes 0.4 ms.
  maxOfOne: { counted: 2_500, trend: 12_000 },
  countsNewest: true,
}

const DELETE_HISTORY: OwnSql['deleteHistory'] = [
  `DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM firings WHERE id IN (SELECT id FROM firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings WHERE seq IN (SELECT seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2)`,
]

const PASS_TO_GRAPH = `
UPDATE graphs SET done_sequence = $4 WHERE name = $1 AND reactor = $2 AND done_sequence = $3`

const TABLES_OF_EXECUTION = ['execution_inputs', 'execution_finals', 'task_runs', 'attempts', 'attempt_logs']

export const SQL = dialectSql(FRAGMENTS, {
  executions: EXECUTIONS,
  history: HISTORY,
  triggers: TRIGGERS,
  deleteHistory: DELETE_HISTORY,
  passToGraph: PASS_TO_GRAPH,
  tablesOfExecution: TABLES_OF_EXECUTION,
})
