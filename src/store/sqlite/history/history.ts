/** The store's reads of the history that cost the same however long it is: a step for each method of the port. */

import type { HistoryStore } from '../../../engine/ports.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import type {
  BoundedCount,
  ContextOf,
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  TrendBar,
  TrendQuery,
  WorkflowSample,
} from '../../../model/history.ts'
import { type ExecutionRecord, executionSummary, type TaskRecord, taskRun } from '../../rows.ts'
import type { AddStep } from '../../steps.ts'
import { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../execution-queries.ts'
import type { Connection } from '../file/connection.ts'
import {
  countListing,
  FINAL_BYTES,
  GET_OUTPUT,
  INPUT_BYTES,
  LIST_TASKS_WITHOUT_OUTPUTS,
  narrowedTrend,
  SAMPLE_ATTEMPTS,
  SAMPLE_EXECUTIONS,
  TREND_OF_STATUS,
} from './history-queries.ts'

const STATUSES: readonly ExecutionStatus[] = ['Pending', 'Running', 'Paused', 'Completed', 'Failed', 'Cancelled']

/** Measured with 500,000 executions: 0.4 ms a status through the index alone, 1.4 ms for a workflow. */
const COUNTED_AT_MOST = 10_000
const COUNTED_AT_MOST_OF_ONE = 2_500
/** In all bars of a trend together, so that many bars cost no more than few. */
const TREND_AT_MOST = 48_000
const TREND_AT_MOST_OF_ONE = 12_000

type TaskWithoutOutput = Omit<TaskRecord, 'output'> & { readonly output_bytes: number | null }

interface BytesRecord {
  readonly bytes: number
}

interface BarRecord {
  readonly count: number
  readonly last_at: number | null
}

interface SampledExecution {
  readonly seq: number
  readonly id: string
  readonly version: string
  readonly status: ExecutionStatus
  readonly created_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
}

interface SampledAttempt {
  readonly task_id: string
  readonly attempt: number
  readonly outcome: WorkflowSample['attempts'][number]['outcome']
  readonly queued_at: number | null
  readonly started_at: number | null
  readonly ended_at: number
}

export function historyStore(step: AddStep<Connection>): HistoryStore {
  return {
    overview: (id) => step('read', (connection) => overview(connection, id)),
    contextText: (id, of) => step('read', (connection) => contextText(connection, id, of)),
    counts: (filter) => step('read', (connection) => counts(connection, filter)),
    trend: (query) => step('read', (connection) => trend(connection, query)),
    sample: (workflow, limits) => step('read', (connection) => sample(connection, workflow, limits)),
  }
}

function overview(connection: Connection, id: string): ExecutionOverview | null {
  const record = connection.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const tasks = connection
    .all<TaskWithoutOutput>(LIST_TASKS_WITHOUT_OUTPUTS, record.seq)
    .sort((one, other) => one.seq - other.seq)
    .map(({ output_bytes, ...task }) => {
      const { outputText: _, ...run } = taskRun({ ...task, output: null })
      return { ...run, outputBytes: output_bytes }
    })
  const finalTask = tasks.find(({ taskId }) => taskId === record.final_task_id)
  return {
    ...executionSummary(record),
    inputBytes: connection.one<BytesRecord>(INPUT_BYTES, record.seq)?.bytes ?? 0,
    finalBytes: finalTask?.outputBytes ?? connection.one<BytesRecord>(FINAL_BYTES, record.seq)?.bytes ?? null,
    tasks,
  }
}

function contextText(connection: Connection, id: string, of: ContextOf): string | null {
  const record = connection.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const read = (sql: string, ...values: string[]): string | null =>
    connection.one<{ readonly context: string | null }>(sql, record.seq, ...values)?.context ?? null
  if (of === 'input') return read(GET_INPUT)
  if (of !== 'final') return read(GET_OUTPUT, of.outputOf)
  return record.final_task_id === null ? read(GET_FINAL) : read(GET_OUTPUT, record.final_task_id)
}

function counts(connection: Connection, filter: CountFilter): ExecutionCounts {
  const isNarrowed = filter.workflow !== undefined || filter.trigger !== undefined
  const atMost = isNarrowed ? COUNTED_AT_MOST_OF_ONE : COUNTED_AT_MOST
  const entries = STATUSES.map((status): [ExecutionStatus, BoundedCount] => {
    const [sql, values] = countListing(status, filter)
    const found = connection.one<{ readonly seen: number; readonly count: number }>(sql, ...values, atMost)
    return [status, { count: found?.count ?? 0, isAtLeast: (found?.seen ?? 0) >= atMost }]
  })
  return Object.fromEntries(entries) as ExecutionCounts
}

function trend(connection: Connection, query: TrendQuery): readonly TrendBar[] {
  const { sinceAt, untilAt, bars } = query
  const isNarrowed = query.workflow !== undefined || query.trigger !== undefined
  const edge = (index: number): number => Math.floor(sinceAt + ((untilAt - sinceAt) * index) / bars)
  const atMost = Math.ceil((isNarrowed ? TREND_AT_MOST_OF_ONE : TREND_AT_MOST) / bars)
  const bar = isNarrowed ? narrowedBar(connection, query, atMost) : barOfAll(connection, atMost)
  return Array.from({ length: bars }, (_, index) => bar(edge(index), edge(index + 1)))
}

function barOfAll(connection: Connection, atMost: number) {
  return (from: number, to: number): TrendBar => {
    const found: Partial<Record<ExecutionStatus, number>> = {}
    let isEstimate = false
    for (const status of STATUSES) {
      const record = connection.one<BarRecord>(TREND_OF_STATUS, status, from, to, atMost)
      if (record === undefined || record.count === 0) continue
      const isFull = record.count >= atMost
      isEstimate ||= isFull
      found[status] = isFull ? scaled(record.count, from, to, record.last_at ?? to) : record.count
    }
    return { at: from, counts: found, isEstimate }
  }
}

function narrowedBar(connection: Connection, query: TrendQuery, atMost: number) {
  const [sql, values] = narrowedTrend(query)
  return (from: number, to: number): TrendBar => {
    const records = connection.all<BarRecord & { readonly status: ExecutionStatus }>(sql, ...values, from, to, atMost)
    const isEstimate = records.reduce((sum, { count }) => sum + count, 0) >= atMost
    const lastAt = Math.max(...records.map(({ last_at }) => last_at ?? to))
    const entries = records.map(({ status, count }) => [status, isEstimate ? scaled(count, from, to, lastAt) : count])
    return { at: from, counts: Object.fromEntries(entries), isEstimate }
  }
}

/** What came until an instant stands for the whole of a bar. */
function scaled(count: number, from: number, to: number, lastAt: number): number {
  return Math.round((count * (to - from)) / (lastAt - from + 1))
}

function sample(
  connection: Connection,
  workflow: string,
  limits: { readonly executions: number; readonly attempts: number },
): WorkflowSample {
  const executions = connection.all<SampledExecution>(SAMPLE_EXECUTIONS, workflow, limits.executions)
  const attempts: SampledAttempt[] = []
  for (const { seq } of executions) {
    if (attempts.length >= limits.attempts) break
    attempts.push(...connection.all<SampledAttempt>(SAMPLE_ATTEMPTS, seq, limits.attempts - attempts.length))
  }
  return {
    executions: executions.map(({ id, version, status, created_at, started_at, ended_at }) => {
      return { id, version, status, createdAt: created_at, startedAt: started_at, endedAt: ended_at }
    }),
    attempts: attempts.map(({ task_id, attempt, outcome, queued_at, started_at, ended_at }) => {
      return { taskId: task_id, attempt, outcome, queuedAt: queued_at, startedAt: started_at, endedAt: ended_at }
    }),
  }
}
