/** Status of a database, on one screen and as JSON. */

import type { TriggerSummary } from '../../engine/services/triggers/trigger-summary.ts'
import type { ExecutionStatus, ExecutionSummary } from '../../model/execution.ts'
import type { WaitingWorkflow } from '../../model/execution-history.ts'
import { formatError } from '../../model/fault.ts'
import type { ReactorRow, SourceRow, Subscription } from '../../model/graphs/graph-model-rows.ts'
import { formatInstantOrNull } from '../../model/time/instant.ts'
import type { Runner } from '../runner.ts'
import { type InstanceInfo, instanceInfos, instanceRecord } from './instance-records.ts'
import { type ReactorWait, reactorWait } from './reactor-records.ts'

const SHOWN_FAILURES = 5

export interface RunnerStatus {
  readonly instances: readonly InstanceInfo[]
  readonly triggers: TriggerSummary
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

/** `counted`: given numbers, if counting all executions would take too long. */
export async function runnerStatus(runner: Runner, counted?: RunnerStatus['executions']): Promise<RunnerStatus> {
  const [rows, triggers, executions, waiting, failures, sources, reactors, subscriptions] = await Promise.all([
    runner.instances.list(),
    runner.triggers.summary(),
    counted ?? runner.executions.count(),
    runner.executions.waiting(),
    runner.executions.lastFailed(SHOWN_FAILURES),
    runner.sources.list(),
    waitingReactors(runner),
    runner.reactors.subscriptions(),
  ])
  const instances = instanceInfos(rows, sources)
  return { instances, triggers, executions, waiting, failures, sources, reactors, subscriptions }
}

export async function waitingReactors(runner: Runner): Promise<readonly WaitingReactor[]> {
  const rows = await runner.reactors.list()
  return await Promise.all(rows.map(async (row) => ({ row, wait: await reactorWait(runner, row) })))
}

export function statusRecord(status: RunnerStatus) {
  const { instances, triggers, executions, waiting, failures } = status
  return {
    instances: instances.map((row) => instanceRecord(row, instances)),
    triggers,
    executions,
    waiting: waiting.map(({ workflow, executions: count }) => ({
      waitingFor: { kind: 'engine' as const, workflow },
      executions: count,
    })),
    lastFailures: failures.map(({ id, workflow, endedAt, errorMessage, cause }) => {
      return { id, workflow, endedAt: formatInstantOrNull(endedAt), errorMessage: formatError(errorMessage), cause }
    }),
    ...graphsRecord(status),
  }
}

function graphsRecord({ sources, reactors, subscriptions }: RunnerStatus) {
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
