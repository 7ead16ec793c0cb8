/** `runner.workflows.stats()`: how long the tasks of a workflow take, over its newest executions. Pure. */

import type { ExecutionStatus } from '../../model/execution.ts'
import type { WorkflowSample } from '../../model/history.ts'

/** So much is looked at: what it costs does not grow with the history. */
export const SAMPLE_LIMITS = { executions: 500, attempts: 10_000 }

/** Milliseconds; null where nothing was measured. */
export interface Quantiles {
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

export interface TaskStats {
  readonly task: string
  /** That completed. */
  readonly completed: number
  /** That failed, timed out, were lost or cancelled. */
  readonly failed: number
  /** Of attempts that completed, from start to end. */
  readonly duration: Quantiles
  /** From when it could run to when it did. */
  readonly queueWait: Quantiles
}

export interface VersionStats {
  readonly version: string
  readonly executions: number
  /** When the oldest and the newest of them were created. */
  readonly firstAt: number
  readonly lastAt: number
}

export interface WorkflowStats {
  readonly workflow: string
  /** How many executions and attempts were looked at: the newest. */
  readonly executions: number
  readonly attempts: number
  readonly byStatus: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** Of executions that completed, from start to end. */
  readonly duration: Quantiles
  /** In no order; of the attempts that were looked at. */
  readonly tasks: readonly TaskStats[]
  /** The newest first. */
  readonly versions: readonly VersionStats[]
}

export function workflowStats(workflow: string, { executions, attempts }: WorkflowSample): WorkflowStats {
  const byStatus: Partial<Record<ExecutionStatus, number>> = {}
  for (const { status } of executions) byStatus[status] = (byStatus[status] ?? 0) + 1
  const completed = executions.filter(({ status }) => status === 'Completed')
  return {
    workflow,
    executions: executions.length,
    attempts: attempts.length,
    byStatus,
    duration: quantiles(completed.map(({ startedAt, endedAt }) => difference(startedAt, endedAt))),
    tasks: [...Map.groupBy(attempts, ({ taskId }) => taskId)].map(([task, of]) => taskStats(task, of)),
    versions: [...Map.groupBy(executions, ({ version }) => version)].map(([version, of]) => ({
      version,
      executions: of.length,
      firstAt: of.at(-1)?.createdAt ?? 0,
      lastAt: of[0]?.createdAt ?? 0,
    })),
  }
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

/** By nearest rank: values that were measured. */
function quantiles(values: readonly (number | null)[]): Quantiles {
  const sorted = values.filter((value) => value !== null).sort((one, other) => one - other)
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
  return { p50Ms: at(0.5), p95Ms: at(0.95) }
}
