/** The statements of PostgreSQL that SQLite has in another form. */

import { declaredGraphSql } from '../sql/declared-graphs.ts'
import type { DialectSql } from '../sql/dialect.ts'
import { executionSql } from '../sql/executions/executions.ts'
import { settlementSql } from '../sql/executions/settlements.ts'
import { activitySql } from '../sql/history/activity.ts'
import { historySql } from '../sql/history/executions.ts'
import { logSql } from '../sql/history/logs.ts'
import { retentionSql } from '../sql/history/retention.ts'
import { declaredTriggersSql } from '../sql/instance-code.ts'
import { reactorSql } from '../sql/reactors.ts'
import { sourceSql } from '../sql/sources.ts'
import { subscriptionSql } from '../sql/subscriptions.ts'
import { triggerLeaseSql } from '../sql/trigger-leases.ts'
import { triggerSql } from '../sql/triggers.ts'
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

export const SQL: DialectSql = {
  activity: activitySql(FRAGMENTS),
  declaredGraphs: declaredGraphSql(FRAGMENTS),
  executions: { ...executionSql(FRAGMENTS), ...settlementSql(FRAGMENTS), ...EXECUTIONS },
  history: { ...historySql(FRAGMENTS), ...HISTORY },
  instanceCode: { ...declaredTriggersSql(FRAGMENTS), deleteHistory: DELETE_HISTORY },
  logs: logSql(FRAGMENTS),
  reactors: { ...reactorSql(FRAGMENTS), passToGraph: PASS_TO_GRAPH },
  retention: retentionSql(FRAGMENTS, TABLES_OF_EXECUTION),
  sources: sourceSql(FRAGMENTS),
  subscriptions: subscriptionSql(FRAGMENTS),
  triggerLeases: triggerLeaseSql(FRAGMENTS),
  triggers: { ...triggerSql(FRAGMENTS), ...TRIGGERS },
}
