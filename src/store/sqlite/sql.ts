/** The statements of SQLite that PostgreSQL has in another form. */

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
import { TRIGGERS } from './sql/triggers.ts'

const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

const DELETE_HISTORY: DialectSql['instanceCode']['deleteHistory'] = [
  `DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM firings WHERE id IN (SELECT id FROM firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings WHERE seq IN (SELECT seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2)`,
]

/** See `ReactorSql`. */
const PASS_TO_GRAPH = `
UPDATE graphs SET done_sequence = $4 WHERE name = $1 AND reactor = $2 AND done_sequence = $3 RETURNING name`

const TABLES_OF_EXECUTION = ['execution_inputs', 'execution_finals', 'task_runs', 'attempts', 'attempt_logs']

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
