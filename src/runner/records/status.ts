/** How it goes on a database, on one screen, and as JSON. */

import type { ExecutionStatus, ExecutionSummary } from '../../model/execution.ts'
import { shownError } from '../../model/fault.ts'
import type { ReactorRow, SourceRow, Subscription } from '../../model/graphs/rows.ts'
import type { WaitingWorkflow } from '../../model/history.ts'
import type { CronTriggerInfo, TriggerInfo } from '../resources/triggers.ts'
import type { Runner } from '../runner.ts'
import { type InstanceInfo, instanceInfos, instanceRecord } from './instances.ts'
import { instant } from './instants.ts'
import { type ReactorWait, waitOf } from './reactors.ts'

const ALL = 1_000_000
const SHOWN_FAILURES = 5

export interface Status {
  readonly instances: readonly InstanceInfo[]
  readonly triggers: readonly TriggerInfo[]
  readonly crons: readonly CronTriggerInfo[]
  /** Those that have not been polled for two of their intervals. */
  readonly late: readonly TriggerInfo[]
  readonly executions: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** Workflows that no living engine has, with the number of executions that wait for one. */
  readonly waiting: readonly WaitingWorkflow[]
  /** Executions that failed last, by their end. */
  readonly failures: readonly ExecutionSummary[]
  readonly sources: readonly SourceRow[]
  readonly reactors: readonly WaitingReactor[]
  readonly subscriptions: readonly Subscription[]
}

export interface WaitingReactor {
  readonly row: ReactorRow
  readonly wait: ReactorWait | null
}

/** `counted`: where counting all executions would take too long. */
export async function statusOf(runner: Runner, counted?: Status['executions']): Promise<Status> {
  const [rows, triggers, crons, late, executions, waiting, failures, sources, reactors, subscriptions] =
    await Promise.all([
      runner.instances.list(),
      runner.triggers.list({ limit: ALL }),
      runner.triggers.listCron(),
      runner.triggers.listLate(),
      counted ?? runner.executions.count(),
      runner.executions.waiting(),
      runner.executions.lastFailed(SHOWN_FAILURES),
      runner.sources.list(),
      waitingReactors(runner),
      runner.reactors.subscriptions(),
    ])
  const instances = instanceInfos(rows, sources)
  return { instances, triggers, crons, late, executions, waiting, failures, sources, reactors, subscriptions }
}

export async function waitingReactors(runner: Runner): Promise<readonly WaitingReactor[]> {
  const rows = await runner.reactors.list()
  return await Promise.all(rows.map(async (row) => ({ row, wait: await waitOf(runner, row) })))
}

/** Returns the number of triggers, polled ones and those with a cron expression, and the number of those that are enabled. */
export function triggerCounts({ triggers, crons }: Status): { readonly all: number; readonly enabled: number } {
  const all = [...triggers, ...crons]
  return { all: all.length, enabled: all.filter(({ isEnabled }) => isEnabled).length }
}

/** Returns the names of cron triggers that never fire, since their expression or zone is wrong. */
export function broken(crons: readonly CronTriggerInfo[]): readonly string[] {
  return crons.flatMap(({ triggerName, problem, undeclaredAt }) =>
    problem !== null && undeclaredAt === null ? triggerName : [],
  )
}

/** Enabled ones whose last poll failed. */
export function failing(triggers: readonly TriggerInfo[]): readonly TriggerInfo[] {
  return triggers.filter(
    ({ isEnabled, failuresInRow, undeclaredAt }) => isEnabled && failuresInRow > 0 && undeclaredAt === null,
  )
}

/** Returns the names of triggers that no script declares any more. */
export function undeclared({ triggers, crons }: Status): readonly string[] {
  const all = [...triggers, ...crons.map(({ triggerName, undeclaredAt }) => ({ name: triggerName, undeclaredAt }))]
  return all.filter(({ undeclaredAt }) => undeclaredAt !== null).map(({ name }) => name)
}

export function statusRecord(status: Status) {
  const { instances, triggers, crons, late, executions, waiting, failures } = status
  return {
    instances: instances.map((row) => instanceRecord(row, instances)),
    triggers: {
      ...triggerCounts(status),
      late: late.map(({ name }) => name),
      failing: failing(triggers).map(({ name }) => name),
      broken: broken(crons),
      undeclared: undeclared(status),
    },
    executions,
    waiting: waiting.map(({ workflow, executions: count }) => ({
      waitingFor: { kind: 'engine' as const, workflow },
      executions: count,
    })),
    lastFailures: failures.map(({ id, workflow, endedAt, errorMessage }) => {
      return { id, workflow, endedAt: instant(endedAt), errorMessage: shownError(errorMessage) }
    }),
    ...graphsRecord(status),
  }
}

function graphsRecord({ sources, reactors, subscriptions }: Status) {
  const names = ({ reactor, workflow, tenant }: Subscription) => ({ reactor, workflow, tenant })
  return {
    sources: {
      all: sources.length,
      waitingEvents: sources.reduce((sum, { waiting }) => sum + waiting, 0),
      undeclared: sources.filter(({ undeclaredAt }) => undeclaredAt !== null).map(({ name }) => name),
    },
    reactors: {
      all: reactors.length,
      waiting: reactors.filter(({ wait }) => wait !== null).map(({ row }) => row.name),
    },
    subscriptions: {
      all: subscriptions.length,
      degraded: subscriptions.filter(({ isDegraded }) => isDegraded).map(names),
      paused: subscriptions.filter(({ isEnabled }) => !isEnabled).map(names),
    },
  }
}
