/** The statements of PostgreSQL. */

import { dialectSql } from '../sql/dialect.ts'
import { EXECUTIONS } from './sql/executions.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { HISTORY } from './sql/history.ts'
import { DELETE_HISTORY } from './sql/instance-code.ts'
import { PASS_TO_GRAPH } from './sql/reactors.ts'
import { TRIGGERS } from './sql/triggers.ts'

const TABLES_OF_EXECUTION = [
  'execution_inputs',
  'execution_finals',
  'task_runs',
  'task_outputs',
  'attempts',
  'attempt_logs',
]

export const SQL = dialectSql(FRAGMENTS, {
  executions: EXECUTIONS,
  history: HISTORY,
  triggers: TRIGGERS,
  deleteHistory: DELETE_HISTORY,
  passToGraph: PASS_TO_GRAPH,
  tablesOfExecution: TABLES_OF_EXECUTION,
})
