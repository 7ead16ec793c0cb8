/** SQL that differs between the databases: one member for each noun. Steps find it in their session. */

import { declaredGraphSql } from './declared-graph-sql.ts'
import { approvalSql } from './executions/approval-sql.ts'
import { chainSql } from './executions/chain-sql.ts'
import { executionKeySql } from './executions/execution-key-sql.ts'
import { executionSql, type OwnExecutionSql } from './executions/execution-sql.ts'
import { limitSql } from './executions/limit-sql.ts'
import { waitSql } from './executions/wait-sql.ts'
import { firingSql, type InsertFirings } from './firing-sql.ts'
import { activitySql } from './history/activity-sql.ts'
import { historySql, type OwnHistorySql } from './history/execution-history-sql.ts'
import { logSql } from './history/log-sql.ts'
import { recentSql } from './history/recent-sql.ts'
import { retentionSql } from './history/retention-sql.ts'
import { incidentSql } from './incident-sql.ts'
import { instanceCodeSql } from './instance-sql.ts'
import { reactorSql } from './reactor-sql.ts'
import { searchSql } from './search-sql.ts'
import { sourceSql } from './source-sql.ts'
import type { Fragments } from './sql-fragments.ts'
import { subscriptionSql } from './subscription-sql.ts'
import { triggerLeaseSql, triggerSql } from './trigger-sql.ts'

export interface OwnSql {
  readonly executions: OwnExecutionSql
  readonly history: OwnHistorySql
  /** Active executions for `ORDER BY created_at, seq` with a limit, with the names of the columns of ended ones. */
  readonly activeInOrder: string
  /** Inserts firings of a tick, which was inserted just before. */
  readonly insertFirings: InsertFirings
  /** Each deletes rows of a trigger. Values: name of the trigger, maximum number of rows. */
  readonly deleteHistory: readonly string[]
  /** For `eachHit`: moves a graph's mark if it is at the firing before. Values: graph, reactor, mark before, after. */
  readonly passToGraph: string
  /** Lets one transaction at a time change incidents. Null: a step is the only writer. */
  readonly lockIncidents: string | null
  /** Lock a name and key of signals until the commit. Rows: numbers. Empty: a step is the only writer. */
  readonly lockSignals: readonly string[]
  /** Lock limits and values until the commit. Rows: name, value. Empty: a step is the only writer. */
  readonly lockKeys: readonly string[]
  /** Tables with an `execution_seq`, except the table of active executions. */
  readonly tablesOfExecution: readonly string[]
}

export type DialectSql = ReturnType<typeof dialectSql>

export function dialectSql(fragments: Fragments, own: OwnSql) {
  return {
    approvals: approvalSql(fragments),
    activity: activitySql(fragments),
    chains: chainSql(fragments),
    declaredGraphs: declaredGraphSql(fragments),
    executionKeys: executionKeySql(fragments),
    executions: { ...executionSql(fragments), ...own.executions },
    firings: { ...firingSql(fragments), ...own.insertFirings },
    history: historySql(fragments, own.history),
    incidents: incidentSql(fragments, own.lockIncidents),
    instanceCode: { ...instanceCodeSql(fragments), deleteHistory: own.deleteHistory },
    limits: { ...limitSql(fragments), lockKeys: own.lockKeys },
    logs: logSql(fragments),
    recent: recentSql(fragments, own.activeInOrder),
    reactors: { ...reactorSql(fragments), passToGraph: own.passToGraph },
    retention: retentionSql(fragments, own.tablesOfExecution),
    lockSignals: own.lockSignals,
    search: searchSql(fragments),
    sources: sourceSql(fragments),
    subscriptions: subscriptionSql(fragments),
    triggerLeases: triggerLeaseSql(fragments),
    triggers: triggerSql(fragments),
    waits: waitSql(fragments),
  }
}
