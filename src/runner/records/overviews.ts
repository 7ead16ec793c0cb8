/** Executions without their contexts as JSON, and what is counted of them. Instants are RFC 3339. */

import type { AttemptRow } from '../../model/execution.ts'
import type { ActivityBar, ExecutionCounts, ExecutionOverview, TaskOverview, TrendBar } from '../../model/history.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { Waiting } from '../resources/executions.ts'
import type { WorkflowStats } from '../resources/workflow-stats.ts'
import { attemptRecord } from './executions.ts'
import { instant } from './instants.ts'

export function overviewRecord(overview: Waiting<ExecutionOverview>, attempts: readonly AttemptRow[]) {
  const { createdAt, startedAt, endedAt, pausedAt, cancelRequestedAt, inputBytes, finalBytes, ...facts } = overview
  return {
    ...facts,
    createdAt: formatInstant(createdAt),
    startedAt: instant(startedAt),
    endedAt: instant(endedAt),
    pausedAt: instant(pausedAt),
    cancelRequestedAt: instant(cancelRequestedAt),
    inputBytes,
    contextBytes: finalBytes ?? inputBytes,
    tasks: taskOverviewRecords(overview, attempts),
  }
}

/** The tasks of an execution, each with its attempts that have ended. */
export function taskOverviewRecords({ tasks }: ExecutionOverview, attempts: readonly AttemptRow[]) {
  const byTask = Map.groupBy(attempts, ({ taskId }) => taskId)
  return tasks.map((task) => taskRecord(task, byTask.get(task.taskId) ?? []))
}

function taskRecord(task: TaskOverview, attempts: readonly AttemptRow[]) {
  return {
    id: task.taskId,
    status: task.status,
    attempts: task.attempts,
    startedAt: instant(task.startedAt),
    endedAt: instant(task.endedAt),
    notBeforeAt: instant(task.notBeforeAt),
    error: task.error?.message ?? null,
    traceback: task.error?.traceback ?? '',
    outputBytes: task.outputBytes,
    history: attempts.map(attemptRecord),
  }
}

/** `atLeast`: the statuses of which there may be more. */
export function countsRecord(counts: ExecutionCounts) {
  const entries = Object.entries(counts)
  return {
    counts: Object.fromEntries(entries.map(([status, { count }]) => [status, count])),
    atLeast: entries.filter(([, { isAtLeast }]) => isAtLeast).map(([status]) => status),
  }
}

export function trendRecord({ at, ...bar }: TrendBar | ActivityBar) {
  return { at: formatInstant(at), ...bar }
}

export function statsRecord({ versions, ...stats }: WorkflowStats) {
  return {
    ...stats,
    versions: versions.map(({ firstAt, lastAt, ...version }) => {
      return { ...version, firstAt: formatInstant(firstAt), lastAt: formatInstant(lastAt) }
    }),
  }
}
