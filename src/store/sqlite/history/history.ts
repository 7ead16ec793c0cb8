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
import {
  COUNTED_AT_MOST,
  edgeOfBar,
  executionOverview,
  groupedTrendBars,
  type SampledAttempt,
  type SampledExecution,
  STATUSES,
  scaledToBar,
  type TaskWithoutOutput,
  TREND_AT_MOST,
  workflowSample,
} from '../../history-shapes.ts'
import { type ExecutionRecord, executionSummary } from '../../rows.ts'
import type { AddStep } from '../../steps.ts'
import { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../executions/execution-queries.ts'
import { countWaiting, listWaiting } from '../executions/waiting-steps.ts'
import type { Connection } from '../file/connection.ts'
import { SAMPLE_ATTEMPTS } from './attempt-queries.ts'
import {
  countListing,
  FINAL_BYTES,
  GET_OUTPUT,
  groupedTrend,
  INPUT_BYTES,
  LIST_LAST_FAILED,
  LIST_TASKS_WITHOUT_OUTPUTS,
  narrowedTrend,
  SAMPLE_EXECUTIONS,
  TREND_OF_STATUS,
} from './history-queries.ts'

/** That costs 1.4 ms where 10,000 of all cost 0.4. */
const COUNTED_AT_MOST_OF_ONE = 2_500
const TREND_AT_MOST_OF_ONE = 12_000
/** Number of steps of an estimated trend. Others get their turn between two of them. */
const STEPS_OF_TREND = 48

interface BytesRecord {
  readonly bytes: number
}

interface BarRecord {
  readonly count: number
  readonly last_at: number | null
}

/** `livingSeqs`: returns the instances that seem alive. */
export function historyStore(
  step: AddStep<Connection>,
  livingSeqs: (connection: Connection) => ReadonlySet<number>,
): HistoryStore {
  return {
    overview: (id) => step('read', (connection) => overview(connection, id)),
    contextText: (id, of) => step('read', (connection) => contextText(connection, id, of)),
    counts: (filter) => step('read', (connection) => counts(connection, filter)),
    trend: (query) => trend(step, query),
    lastFailed: (limit) =>
      step('read', (connection) => connection.all<ExecutionRecord>(LIST_LAST_FAILED, limit).map(executionSummary)),
    listWaiting: (ids, createdUntil) =>
      step('read', (connection) => listWaiting(connection, ids, createdUntil, livingSeqs(connection))),
    countWaiting: (createdUntil) =>
      step('read', (connection) => countWaiting(connection, createdUntil, livingSeqs(connection))),
    sample: (workflow, limits) => step('read', (connection) => sample(connection, workflow, limits)),
  }
}

function overview(connection: Connection, id: string): ExecutionOverview | null {
  const record = connection.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const tasks = connection.all<TaskWithoutOutput>(LIST_TASKS_WITHOUT_OUTPUTS, record.seq)
  return executionOverview(
    record,
    tasks.sort((one, other) => one.seq - other.seq),
    {
      input: connection.one<BytesRecord>(INPUT_BYTES, record.seq)?.bytes ?? null,
      final: connection.one<BytesRecord>(FINAL_BYTES, record.seq)?.bytes ?? null,
    },
  )
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

/** Counts all bars in one statement. If there are too many executions, counts bar by bar, and the beginning of a bar may stand for all of it. */
async function trend(step: AddStep<Connection>, query: TrendQuery): Promise<readonly TrendBar[]> {
  const grouped = await step('read', (connection) => groupedBars(connection, query))
  if (grouped !== null) return grouped
  const bars: TrendBar[] = []
  const barsAStep = Math.ceil(query.bars / STEPS_OF_TREND)
  for (let from = 0; from < query.bars; from += barsAStep) {
    bars.push(...(await step('read', (connection) => barsFrom(connection, query, from, from + barsAStep))))
  }
  return bars
}

interface GroupRecord {
  readonly bar: number
  readonly status: ExecutionStatus
  readonly count: number
}

/** Returns null if there are too many executions. */
function groupedBars(connection: Connection, query: TrendQuery): readonly TrendBar[] | null {
  const { sinceAt, untilAt, bars } = query
  const atMost = isNarrowed(query) ? COUNTED_AT_MOST_OF_ONE : COUNTED_AT_MOST
  const [statements, narrowed] = groupedTrend(query)
  const values = [sinceAt, bars, untilAt - sinceAt, ...narrowed, sinceAt, untilAt, atMost + 1]
  const records = statements.flatMap((sql) => connection.all<GroupRecord>(sql, ...values))
  if (records.reduce((sum, { count }) => sum + count, 0) > atMost) return null
  return groupedTrendBars(query, records)
}

function isNarrowed({ workflow, trigger }: TrendQuery): boolean {
  return workflow !== undefined || trigger !== undefined
}

function barsFrom(connection: Connection, query: TrendQuery, from: number, to: number): readonly TrendBar[] {
  const most = isNarrowed(query) ? TREND_AT_MOST_OF_ONE : TREND_AT_MOST
  const atMost = Math.ceil(most / query.bars)
  const bar = isNarrowed(query) ? narrowedBar(connection, query, atMost) : barOfAll(connection, atMost)
  const count = Math.min(to, query.bars) - from
  return Array.from({ length: count }, (_, index) => {
    return bar(edgeOfBar(query, from + index), edgeOfBar(query, from + index + 1))
  })
}

function barOfAll(connection: Connection, atMost: number) {
  return (from: number, to: number): TrendBar => {
    const found: Partial<Record<ExecutionStatus, number>> = {}
    let isEstimate = false
    for (const status of STATUSES) {
      const record = connection.one<BarRecord>(TREND_OF_STATUS[status], status, from, to, atMost)
      if (record === undefined || record.count === 0) continue
      const isFull = record.count >= atMost
      isEstimate ||= isFull
      found[status] = isFull ? scaledToBar(record.count, from, to, record.last_at ?? to) : record.count
    }
    return { at: from, counts: found, isEstimate }
  }
}

/** The beginning of a bar with too many executions stands for all of it, in each table. */
function narrowedBar(connection: Connection, query: TrendQuery, atMost: number) {
  const [statements, values] = narrowedTrend(query)
  return (from: number, to: number): TrendBar => {
    let isEstimate = false
    const entries = statements.flatMap((sql) => {
      const records = connection.all<BarRecord & { readonly status: ExecutionStatus }>(sql, ...values, from, to, atMost)
      const isFull = records.reduce((sum, { count }) => sum + count, 0) >= atMost
      isEstimate ||= isFull
      const lastAt = Math.max(...records.map(({ last_at }) => last_at ?? to))
      return records.map(({ status, count }) => [status, isFull ? scaledToBar(count, from, to, lastAt) : count])
    })
    return { at: from, counts: Object.fromEntries(entries), isEstimate }
  }
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
    attempts.push(...connection.all<SampledAttempt>(SAMPLE_ATTEMPTS, seq, seq, limits.attempts - attempts.length))
  }
  return workflowSample(executions, attempts)
}
