/** `runner.workflows.stats()`: how long the tasks of a workflow take, over its newest executions. Pure. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { RecentExecution, WorkflowSample } from '../../../model/execution-history.ts'

/** Limits of the sample, so that the cost does not grow with the history. */
export const SAMPLE_LIMITS = { executions: 500, attempts: 10_000 }

/** Median and 95th percentile in milliseconds. Null if there are no measurements. */
export interface Quantiles {
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

/** Statistics of one task. */
export interface TaskStats {
  readonly task: string
  /** Number of attempts that completed. */
  readonly completed: number
  /** Number of attempts that failed, timed out, were lost or cancelled. */
  readonly failed: number
  /** Duration of attempts that completed. */
  readonly duration: Quantiles
  /** Wait for a slot. */
  readonly queueWait: Quantiles
}

/** Statistics of one version of a workflow. */
export interface VersionStats {
  readonly version: string
  readonly executions: number
  /** Time when its oldest execution was created, in milliseconds since 1970. */
  readonly firstAt: number
  /** Time when its newest execution was created, in milliseconds since 1970. */
  readonly lastAt: number
}

/** Statistics of a workflow over its newest executions and attempts. */
export interface WorkflowStats {
  readonly workflow: string
  /** Number of executions in the statistics, at most 500. */
  readonly executions: number
  /** Number of attempts in the statistics, at most 10,000. */
  readonly attempts: number
  /** Number of executions by status. */
  readonly byStatus: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** Duration of executions that completed. */
  readonly duration: Quantiles
  /** Statistics of its tasks, in no particular order. */
  readonly tasks: readonly TaskStats[]
  /** Statistics of its versions, newest first. */
  readonly versions: readonly VersionStats[]
}

export function workflowStats(workflow: string, { executions, attempts }: WorkflowSample): WorkflowStats {
  return {
    workflow,
    executions: executions.length,
    attempts: attempts.length,
    byStatus: statusCounts(executions),
    duration: durations(executions),
    tasks: [...Map.groupBy(attempts, ({ taskId }) => taskId)].map(([task, of]) => taskStats(task, of)),
    versions: [...Map.groupBy(executions, ({ version }) => version)].map(([version, of]) => ({
      version,
      executions: of.length,
      firstAt: of.at(-1)?.createdAt ?? 0,
      lastAt: of[0]?.createdAt ?? 0,
    })),
  }
}

export function statusCounts(executions: readonly RecentExecution[]): WorkflowStats['byStatus'] {
  const counts: Partial<Record<ExecutionStatus, number>> = {}
  for (const { status } of executions) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** Returns the quantiles of the durations of the completed executions. */
export function durations(executions: readonly RecentExecution[]): Quantiles {
  const completed = executions.filter(({ status }) => status === 'Completed')
  return quantiles(completed.map(({ startedAt, endedAt }) => difference(startedAt, endedAt)))
}

function taskStats(task: string, attempts: WorkflowSample['attempts']): TaskStats {
  const completed = attempts.filter(({ outcome }) => outcome === 'completed')
  return {
    task,
    completed: completed.length,
    failed: attempts.length - completed.length,
    duration: quantiles(completed.map(({ startedAt, endedAt }) => difference(startedAt, endedAt))),
    queueWait: quantiles(attempts.map(({ queuedAt, startedAt }) => difference(queuedAt, startedAt))),
  }
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from)
}

/** Nearest rank, so that the results are measured values. */
function quantiles(values: readonly (number | null)[]): Quantiles {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other)
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
  return { p50Ms: at(0.5), p95Ms: at(0.95) }
}
