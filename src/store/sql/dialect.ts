/** SQL that differs between the databases: one member for each noun. Steps find it in their session. */

import { declaredGraphSql } from './declared-graphs.ts'
import { executionSql, type OwnExecutionSql } from './executions/executions.ts'
import type { Fragments } from './fragments.ts'
import { activitySql } from './history/activity.ts'
import { historySql, type OwnHistorySql } from './history/executions.ts'
import { logSql } from './history/logs.ts'
import { retentionSql } from './history/retention.ts'
import { instanceCodeSql } from './instance-code.ts'
import { reactorSql } from './reactors.ts'
import { sourceSql } from './sources.ts'
import { subscriptionSql } from './subscriptions.ts'
import { triggerLeaseSql } from './trigger-leases.ts'
import { type OwnTriggerSql, triggerSql } from './triggers.ts'

/** Statements and tables that each database has in a form of its own. */
export interface OwnSql {
  readonly executions: OwnExecutionSql
  readonly history: OwnHistorySql
  readonly triggers: OwnTriggerSql
  /** Each deletes rows of a trigger. Values: name of the trigger, maximum number of rows. */
  readonly deleteHistory: readonly string[]
  /**
   * For `eachHit`: moves the mark of a graph over firings if it stood at the firing before them. Values: graph,
   * reactor, mark before, mark after.
   */
  readonly passToGraph: string
  /** Tables with an `execution_seq`, except the table of active executions. */
  readonly tablesOfExecution: readonly string[]
}

export type DialectSql = ReturnType<typeof dialectSql>

/** Builds the statements once. Prepared statements are found by their texts. */
export function dialectSql(fragments: Fragments, own: OwnSql) {
  return {
    activity: activitySql(fragments),
    declaredGraphs: declaredGraphSql(fragments),
    executions: { ...executionSql(fragments), ...own.executions },
    history: historySql(fragments, own.history),
    instanceCode: { ...instanceCodeSql(fragments), deleteHistory: own.deleteHistory },
    logs: logSql(fragments),
    reactors: { ...reactorSql(fragments), passToGraph: own.passToGraph },
    retention: retentionSql(fragments, own.tablesOfExecution),
    sources: sourceSql(fragments),
    subscriptions: subscriptionSql(fragments),
    triggerLeases: triggerLeaseSql(fragments),
    triggers: { ...triggerSql(fragments), ...own.triggers },
  }
}
