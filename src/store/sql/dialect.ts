/** SQL that differs between the databases: one member for each noun. Each database builds them in its file `sql.ts`. */

import type { DeclaredGraphSql } from './declared-graphs.ts'
import type { ExecutionSql } from './executions/executions.ts'
import type { ActivitySql } from './history/activity.ts'
import type { HistorySql } from './history/executions.ts'
import type { LogSql } from './history/logs.ts'
import type { RetentionSql } from './history/retention.ts'
import type { InstanceCodeSql } from './instance-code.ts'
import type { ReactorSql } from './reactors.ts'
import type { SourceSql } from './sources.ts'
import type { SubscriptionSql } from './subscriptions.ts'
import type { TriggerLeaseSql } from './trigger-leases.ts'
import type { TriggerSql } from './triggers.ts'

export interface DialectSql {
  readonly activity: ActivitySql
  readonly declaredGraphs: DeclaredGraphSql
  readonly executions: ExecutionSql
  readonly history: HistorySql
  readonly instanceCode: InstanceCodeSql
  readonly logs: LogSql
  readonly reactors: ReactorSql
  readonly retention: RetentionSql
  readonly sources: SourceSql
  readonly subscriptions: SubscriptionSql
  readonly triggerLeases: TriggerLeaseSql
  readonly triggers: TriggerSql
}
