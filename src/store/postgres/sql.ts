/** The statements of PostgreSQL that SQLite has in another form. */

import { declaredGraphSql } from '../sql/declared-graphs.ts'
import type { DialectSql } from '../sql/dialect.ts'
import { activitySql } from '../sql/history/activity.ts'
import { logSql } from '../sql/history/logs.ts'
import { declaredTriggersSql } from '../sql/instance-code.ts'
import { reactorSql } from '../sql/reactors.ts'
import { sourceSql } from '../sql/sources.ts'
import { subscriptionSql } from '../sql/subscriptions.ts'
import { triggerSql } from '../sql/triggers.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { DELETE_HISTORY } from './sql/instance-code.ts'
import { PASS_TO_GRAPH } from './sql/reactors.ts'
import { TRIGGERS } from './sql/triggers.ts'

export const SQL: DialectSql = {
  activity: activitySql(FRAGMENTS),
  declaredGraphs: declaredGraphSql(FRAGMENTS),
  instanceCode: { ...declaredTriggersSql(FRAGMENTS), deleteHistory: DELETE_HISTORY },
  logs: logSql(FRAGMENTS),
  reactors: { ...reactorSql(FRAGMENTS), passToGraph: PASS_TO_GRAPH },
  sources: sourceSql(FRAGMENTS),
  subscriptions: subscriptionSql(FRAGMENTS),
  triggers: { ...triggerSql(FRAGMENTS), ...TRIGGERS },
}
