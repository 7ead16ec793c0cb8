/** The statements of SQLite. */

import { dialectSql, type OwnSql } from '../sql/dialect.ts'
import { OF_CRON, OF_TRIGGER } from '../sql/instance-code.ts'
import { EXECUTIONS } from './sql/executions.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { HISTORY } from './sql/history.ts'
import { TRIGGERS } from './sql/triggers.ts'

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
