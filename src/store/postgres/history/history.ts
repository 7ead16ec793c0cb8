/** The store's reads of the history that cost the same however long it is: a step for each method of the port. */

import type { HistoryStore } from '../../../engine/ports.ts'
import type { AttemptRow, ExecutionStatus } from '../../../model/execution.ts'
import type {
  ContextOf,
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  TrendBar,
  TrendQuery,
  WorkflowSample,
} from '../../../model/history.ts'
import { type AttemptRecord, attemptRow } from '../../history-rows.ts'
import {
  COUNTED_AT_MOST,
  type ContextSizes,
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
import { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../executions/execution-queries.ts'
import { countWaiting, listWaiting } from '../executions/waiting-steps.ts'
import type { Session } from '../session/session.ts'
import type { AddStep } from '../steps.ts'
import { LIST_ATTEMPTS } from './attempt-queries.ts'
import {
  countListing,
  GET_OUTPUT,
  groupedTrend,
  LIST_LAST_FAILED,
  LIST_TASKS_WITHOUT_OUTPUTS,
  SAMPLE_ATTEMPTS,
  SAMPLE_EXECUTIONS,
  SIZES,
  trendListing,
} from './history-queries.ts'

interface BarRecord {
  readonly bar: number
  readonly status: ExecutionStatus
  readonly count: number
  readonly last_at: number
}

/** `livingSeqs`: returns the instances that seem alive. */
export function historyStore(
  step: AddStep,
  livingSeqs: (session: Session) => Promise<ReadonlySet<number>>,
): HistoryStore {
  return {
    overview: (id) => step('read', (session) => overview(session, id)),
    contextText: (id, of) => step('read', (session) => contextText(session, id, of)),
    counts: (filter) => step('read', (session) => counts(session, filter)),
    trend: (query) => step('read', (session) => trend(session, query)),
    lastFailed: (limit) =>
      step('read', async (session) =>
        (await session.all<ExecutionRecord>(LIST_LAST_FAILED, limit)).map(executionSummary),
      ),
    listWaiting: (ids, createdUntil) =>
      step('read', async (session) => listWaiting(session, ids, createdUntil, await livingSeqs(session))),
    countWaiting: (createdUntil) =>
      step('read', async (session) => countWaiting(session, createdUntil, await livingSeqs(session))),
    sample: (workflow, limits) => step('read', (session) => sample(session, workflow, limits)),
  }
}

async function overview(session: Session, id: string): Promise<ExecutionOverview | null> {
  const record = await session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const [records, sizes] = await Promise.all([
    session.all<TaskWithoutOutput>(LIST_TASKS_WITHOUT_OUTPUTS, record.seq),
    session.one<ContextSizes>(SIZES, record.seq),
  ])
  return executionOverview(record, records, sizes ?? { input: null, final: null })
}

async function contextText(session: Session, id: string, of: ContextOf): Promise<string | null> {
  const record = await session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const read = async (sql: string, ...values: string[]): Promise<string | null> =>
    (await session.one<{ readonly context: string }>(sql, record.seq, ...values))?.context ?? null
  if (of === 'input') return read(GET_INPUT)
  if (of !== 'final') return read(GET_OUTPUT, of.outputOf)
  return record.final_task_id === null ? read(GET_FINAL) : read(GET_OUTPUT, record.final_task_id)
}

async function counts(session: Session, filter: CountFilter): Promise<ExecutionCounts> {
  const entries = STATUSES.map(async (status) => {
    const [sql, values] = countListing(status, filter, COUNTED_AT_MOST)
    const count = (await session.one<{ readonly count: number }>(sql, ...values))?.count ?? 0
    return [status, { count, isAtLeast: count >= COUNTED_AT_MOST }] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as unknown as ExecutionCounts
}

/** Counts all bars in one pass. If there are too many executions, counts bar by bar, and the beginning of a bar may stand for all of it. */
async function trend(session: Session, query: TrendQuery): Promise<readonly TrendBar[]> {
  const [sql, values] = groupedTrend(query, query, COUNTED_AT_MOST + 1)
  const records = await session.all<Pick<BarRecord, 'bar' | 'status' | 'count'>>(sql, ...values)
  const isWhole = records.reduce((sum, { count }) => sum + count, 0) <= COUNTED_AT_MOST
  return isWhole ? groupedTrendBars(query, records) : await estimatedTrend(session, query)
}

async function estimatedTrend(session: Session, query: TrendQuery): Promise<readonly TrendBar[]> {
  const { bars } = query
  const atMost = Math.ceil(TREND_AT_MOST / bars)
  const edges = Array.from({ length: bars + 1 }, (_, index) => edgeOfBar(query, index))
  const [sql, values] = trendListing(query, edges.slice(0, -1), edges.slice(1), atMost)
  const records = Map.groupBy(await session.all<BarRecord>(sql, ...values), ({ bar }) => bar)
  return Array.from({ length: bars }, (_, index) => {
    const ofBar = records.get(index + 1) ?? []
    const from = edgeOfBar(query, index)
    const isEstimate = ofBar.reduce((sum, { count }) => sum + count, 0) >= atMost
    const lastAt = Math.max(from, ...ofBar.map(({ last_at }) => last_at))
    const whole = (count: number) =>
      isEstimate ? scaledToBar(count, from, edgeOfBar(query, index + 1), lastAt) : count
    const found = ofBar.map(({ status, count }) => [status, whole(count)])
    return { at: from, counts: Object.fromEntries(found) as TrendBar['counts'], isEstimate }
  })
}

async function sample(
  session: Session,
  workflow: string,
  limits: { readonly executions: number; readonly attempts: number },
): Promise<WorkflowSample> {
  const executions = await session.all<SampledExecution>(SAMPLE_EXECUTIONS, workflow, limits.executions)
  const attempts = await session.all<SampledAttempt>(
    SAMPLE_ATTEMPTS,
    executions.map(({ seq }) => seq),
    limits.attempts,
  )
  return workflowSample(executions, attempts)
}

/** In the order of their ends. */
export async function listAttempts(session: Session, executionId: string): Promise<readonly AttemptRow[]> {
  return (await session.all<AttemptRecord>(LIST_ATTEMPTS, executionId)).map(attemptRow)
}
