/** The statements of PostgreSQL that SQLite has in another form. */

import { declaredGraphSql } from '../sql/declared-graphs.ts'
import type { DialectSql } from '../sql/dialect.ts'
import { executionSql } from '../sql/executions/executions.ts'
import { settlementSql } from '../sql/executions/settlements.ts'
import { declaredTriggersSql } from '../sql/instance-code.ts'
import { reactorSql } from '../sql/reactors.ts'
import { sourceSql } from '../sql/sources.ts'
import { subscriptionSql } from '../sql/subscriptions.ts'
import { triggerLeaseSql } from '../sql/trigger-leases.ts'
import { triggerSql } from '../sql/triggers.ts'
import { EXECUTIONS } from './sql/executions.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { DELETE_HISTORY } from './sql/instance-code.ts'
import { PASS_TO_GRAPH } from './sql/reactors.ts'
import { TRIGGERS } from './sql/triggers.ts'

export const SQL: DialectSql = {
  declaredGraphs: declaredGraphSql(FRAGMENTS),
  executions: { ...executionSql(FRAGMENTS), ...settlementSql(FRAGMENTS), ...EXECUTIONS },
  instanceCode: { ...declaredTriggersSql(FRAGMENTS), deleteHistory: DELETE_HISTORY },
  reactors: { ...reactorSql(FRAGMENTS), passToGraph: PASS_TO_GRAPH },
  sources: sourceSql(FRAGMENTS),
  subscriptions: subscriptionSql(FRAGMENTS),
  triggerLeases: triggerLeaseSql(FRAGMENTS),
  triggers: { ...triggerSql(FRAGMENTS), ...TRIGGERS },
}
