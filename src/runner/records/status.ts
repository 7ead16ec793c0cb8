/** How it goes on a database, on one screen, and as JSON. */

import type { ExecutionStatus, ExecutionSummary } from '../../model/execution.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import type { TriggerInfo } from '../resources/triggers.ts'
import type { Runner } from '../runner.ts'
import { instanceRecord } from './instances.ts'
import { instant } from './instants.ts'

const ALL = 1_000_000
const SHOWN_FAILURES = 5

export interface Status {
  readonly instances: readonly InstanceRow[]
  readonly triggers: readonly TriggerInfo[]
  /** Those that have not been polled for two of their intervals. */
  readonly late: readonly TriggerInfo[]
  readonly executions: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** The last ones. */
  readonly failures: readonly ExecutionSummary[]
}

/** `counted`: where counting all executions would take too long. */
export async function statusOf(runner: Runner, counted?: Status['executions']): Promise<Status> {
  const [instances, triggers, late, executions, failures] = await Promise.all([
    runner.instances.list(),
    runner.triggers.list({ limit: ALL }),
    runner.triggers.listLate(),
    counted ?? runner.executions.count(),
    runner.executions.list({ limit: SHOWN_FAILURES, status: 'Failed' }),
  ])
  return { instances, triggers, late, executions, failures }
}

/** Enabled ones whose last poll failed. */
export function failing(triggers: readonly TriggerInfo[]): readonly TriggerInfo[] {
  return triggers.filter(
    ({ isEnabled, failuresInRow, undeclaredAt }) => isEnabled && failuresInRow > 0 && undeclaredAt === null,
  )
}

/** Those that no script declares any more. */
export function undeclared(triggers: readonly TriggerInfo[]): readonly TriggerInfo[] {
  return triggers.filter(({ undeclaredAt }) => undeclaredAt !== null)
}

export function statusRecord({ instances, triggers, late, executions, failures }: Status) {
  return {
    instances: instances.map((row) => instanceRecord(row, instances)),
    triggers: {
      all: triggers.length,
      enabled: triggers.filter(({ isEnabled }) => isEnabled).length,
      late: late.map(({ name }) => name),
      failing: failing(triggers).map(({ name }) => name),
      undeclared: undeclared(triggers).map(({ name }) => name),
    },
    executions,
    lastFailures: failures.map(({ id, workflow, endedAt, errorMessage }) => {
      return { id, workflow, endedAt: instant(endedAt), errorMessage }
    }),
  }
}
