/** Executions without their contexts, and counts of executions, as JSON. Times are RFC 3339. */

import type { Waiting } from '../../engine/services/executions/execution-service.ts'
import type { WorkflowStats } from '../../engine/services/workflows/workflow-stats.ts'
import type { WorkflowSummary } from '../../engine/services/workflows/workflow-summaries.ts'
import type { AttemptRow } from '../../model/execution.ts'
import type {
  ActivityBar,
  ExecutionCounts,
  ExecutionOverview,
  ExecutionTasks,
  RecentExecution,
  TaskOverview,
  TrendBar,
} from '../../model/execution-history.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import type { OpenWait } from '../../model/waits.ts'
import { attemptRecord } from './execution-records.ts'
import { openWaitRecord, waitRecord } from './wait-records.ts'

export function overviewRecord(
  overview: Waiting<ExecutionOverview>,
  attempts: readonly AttemptRow[],
  waits: readonly OpenWait[],
) {
  const { createdAt, startedAt, endedAt, pausedAt, cancelRequestedAt, inputBytes, finalBytes, ...facts } = overview
  return {
    ...facts,
    waitingFor: waitRecord(facts.waitingFor),
    createdAt: formatInstant(createdAt),
    startedAt: formatInstantOrNull(startedAt),
    endedAt: formatInstantOrNull(endedAt),
    pausedAt: formatInstantOrNull(pausedAt),
    cancelRequestedAt: formatInstantOrNull(cancelRequestedAt),
    inputBytes,
    contextBytes: finalBytes ?? inputBytes,
    tasks: taskOverviewRecords(overview, attempts, waits),
  }
}

export function taskOverviewRecords(
  { tasks }: ExecutionOverview,
  attempts: readonly AttemptRow[],
  waits: readonly OpenWait[],
) {
  const byTask = Map.groupBy(attempts, ({ taskId }) => taskId)
  const openWaits = new Map(waits.map((wait) => [wait.node, wait]))
  return tasks.map((task) => taskRecord(task, byTask.get(task.taskId) ?? [], openWaits.get(task.taskId) ?? null))
}

function taskRecord(task: TaskOverview, attempts: readonly AttemptRow[], wait: OpenWait | null) {
  return {
    id: task.taskId,
    status: task.status,
    attempts: task.attempts,
    startedAt: formatInstantOrNull(task.startedAt),
    endedAt: formatInstantOrNull(task.endedAt),
    notBeforeAt: formatInstantOrNull(task.notBeforeAt),
    error: task.error?.message ?? null,
    traceback: task.error?.traceback ?? '',
    waitingFor: wait === null ? null : openWaitRecord(wait),
    outputBytes: task.outputBytes,
    history: attempts.map(attemptRecord),
  }
}

/** `atLeast`: statuses whose actual number may be higher. */
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

export function summaryRecord({ definition, newest, ...statistics }: WorkflowSummary) {
  const { key, title, description, tags, script, place, tasks } = definition
  const facts = { key, title, description, tags, script, place, taskCount: tasks.length }
  return { ...facts, ...statistics, newest: newest.map(recentRecord) }
}

export function executionTasksRecord({ tasks, ...execution }: ExecutionTasks) {
  return {
    ...recentRecord(execution),
    tasks: tasks.map(({ taskId: id, status, attempts, startedAt, endedAt }) => {
      return { id, status, attempts, startedAt: formatInstantOrNull(startedAt), endedAt: formatInstantOrNull(endedAt) }
    }),
  }
}

function recentRecord({ id, status, createdAt, startedAt, endedAt }: RecentExecution) {
  const times = { startedAt: formatInstantOrNull(startedAt), endedAt: formatInstantOrNull(endedAt) }
  return { id, status, createdAt: formatInstant(createdAt), ...times }
}
