/**
 * What is seen of the history without reading contexts, as rows of a query and as values of the model. As in `rows.ts`, a record has the
 * columns of its query.
 */

import type { ExecutionStatus } from '../model/execution.ts'
import type { ExecutionOverview, TrendBar, TrendQuery, WorkflowSample } from '../model/history.ts'
import { type ExecutionRecord, executionSummary, type TaskRecord, taskRun } from './rows.ts'

/** In the order in which they are counted. */
export const STATUSES: readonly ExecutionStatus[] = ['Pending', 'Running', 'Paused', 'Completed', 'Failed', 'Cancelled']

/** Executions that a trigger started, polled or with a cron expression: their `origin_source` is its name. */
export const STARTED_BY_TRIGGER = "origin IN ('trigger', 'cron')"

/** Of each status. Measured with 500,000 executions: 0.4 ms a status through an index alone. */
export const COUNTED_AT_MOST = 10_000
/** In all bars of a trend together, so that many bars cost no more than few. */
export const TREND_AT_MOST = 48_000

export type TaskWithoutOutput = Omit<TaskRecord, 'output'> & { readonly output_bytes: number | null }

/** In bytes; null: there is none. */
export interface ContextSizes {
  readonly input: number | null
  readonly final: number | null
}

export interface SampledExecution {
  readonly seq: number
  readonly id: string
  readonly version: string
  readonly status: ExecutionStatus
  readonly created_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
}

export interface SampledAttempt {
  readonly task_id: string
  readonly attempt: number
  readonly outcome: WorkflowSample['attempts'][number]['outcome']
  readonly queued_at: number | null
  readonly started_at: number | null
  readonly ended_at: number
}

/** `sizes.final`: of the final context's own row, where it is no task's output. */
export function executionOverview(
  record: ExecutionRecord,
  records: readonly TaskWithoutOutput[],
  sizes: ContextSizes,
): ExecutionOverview {
  const tasks = records.map(({ output_bytes, ...task }) => {
    const { outputText: _, ...run } = taskRun({ ...task, output: null })
    return { ...run, outputBytes: output_bytes }
  })
  const finalTask = tasks.find(({ taskId }) => taskId === record.final_task_id)
  return {
    ...executionSummary(record),
    inputBytes: sizes.input ?? 0,
    finalBytes: finalTask?.outputBytes ?? sizes.final,
    tasks,
  }
}

export function workflowSample(
  executions: readonly SampledExecution[],
  attempts: readonly SampledAttempt[],
): WorkflowSample {
  return {
    executions: executions.map(({ id, version, status, created_at, started_at, ended_at }) => {
      return { id, version, status, createdAt: created_at, startedAt: started_at, endedAt: ended_at }
    }),
    attempts: attempts.map(({ task_id, attempt, outcome, queued_at, started_at, ended_at }) => {
      return { taskId: task_id, attempt, outcome, queuedAt: queued_at, startedAt: started_at, endedAt: ended_at }
    }),
  }
}

/** A period that is divided into bars. */
type Period = Pick<TrendQuery, 'sinceAt' | 'untilAt' | 'bars'>

/** Returns the time at which a bar begins and the bar before it ends. */
export function edgeOfBar({ sinceAt, untilAt, bars }: Period, index: number): number {
  return Math.floor(sinceAt + ((untilAt - sinceAt) * index) / bars)
}

/** Returns the times at which the bars begin, and the time at which the last bar ends. */
export function edgesOf(period: Period): readonly number[] {
  return Array.from({ length: period.bars + 1 }, (_, index) => edgeOfBar(period, index))
}

/** Returns all bars of a trend. `records`: counts by bar, which is a number from 0, and by status. */
export function groupedTrendBars(
  query: TrendQuery,
  records: readonly { readonly bar: number; readonly status: ExecutionStatus; readonly count: number }[],
): readonly TrendBar[] {
  const byBar = Map.groupBy(records, ({ bar }) => bar)
  return Array.from({ length: query.bars }, (_, index) => {
    const counts = (byBar.get(index) ?? []).map(({ status, count }) => [status, count])
    return { at: edgeOfBar(query, index), counts: Object.fromEntries(counts), isEstimate: false }
  })
}

/** What came until an instant stands for the whole of a bar. */
export function scaledToBar(count: number, from: number, to: number, lastAt: number): number {
  return Math.round((count * (to - from)) / (lastAt - from + 1))
}
