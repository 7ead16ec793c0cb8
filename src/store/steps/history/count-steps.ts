/** Steps that count executions. Each count has a limit, so that it costs the same however long the history is. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type {
  BoundedCount,
  CountFilter,
  ExecutionCounts,
  TrendBar,
  TrendQuery,
} from '../../../model/execution-history.ts'
import { STATUSES } from '../../sql/executions/listing.ts'
import {
  countListing,
  groupedTrend,
  MAX_COUNTED_EXECUTIONS,
  MAX_TREND_EXECUTIONS,
} from '../../sql/history/execution-history-sql.ts'
import { collectReplies, type RunStep, type Session, type Step } from '../../store-session.ts'
import { barEdges, estimateInBar, readInSteps } from './trend-bars.ts'

const STEPS_OF_TREND = 48

interface GroupRecord {
  readonly bar: number
  readonly status: ExecutionStatus
  readonly count: number
}

interface BarRecord extends GroupRecord {
  readonly last_at: number
}

export function* countByStatus(session: Session, filter: CountFilter): Step<ExecutionCounts> {
  const limit = isOfOne(filter) ? session.sql.history.maxOfOne.counted : MAX_COUNTED_EXECUTIONS
  const replies = STATUSES.map((status) => {
    const [text, values] = countListing(session.sql.history, status, filter, limit)
    return session.one<{ readonly seen: number; readonly count: number }>(text, ...values)
  })
  const entries = (yield* collectReplies(replies)).map((found, index): [ExecutionStatus | undefined, BoundedCount] => {
    return [STATUSES[index], { count: found?.count ?? 0, isAtLeast: (found?.seen ?? 0) >= limit }]
  })
  return Object.fromEntries(entries) as ExecutionCounts
}

/** Counts all bars in one step, or bar by bar if there are too many executions, and may then estimate a bar. */
export async function readTrend(run: RunStep, query: TrendQuery, isBlocking: boolean): Promise<readonly TrendBar[]> {
  const grouped = await run('read', (session) => groupedBars(session, query))
  if (grouped !== null) return grouped
  const perStep = isBlocking ? Math.ceil(query.bars / STEPS_OF_TREND) : query.bars
  return readInSteps(query.bars, perStep, (from, to) =>
    run('read', (session) => estimatedBars(session, query, from, to)),
  )
}

/** Counts bars in one statement. Returns null if there are too many executions. */
function* groupedBars(session: Session, query: TrendQuery): Step<readonly TrendBar[] | null> {
  const { maxOfOne, parts, partsOfOne } = session.sql.history
  const limit = isOfOne(query) ? maxOfOne.counted : MAX_COUNTED_EXECUTIONS
  const replies = (isOfOne(query) ? partsOfOne : parts).map((part) => {
    const [text, values] = groupedTrend(part, query, limit + 1)
    return session.all<GroupRecord>(text, ...values)
  })
  const records = (yield* collectReplies(replies)).flat()
  if (countAll(records) > limit) return null
  const byBar = Map.groupBy(records, ({ bar }) => bar)
  return barEdges(query).map(([bar, at]) => ({ at, counts: countsOf(byBar.get(bar) ?? []), isEstimate: false }))
}

function* estimatedBars(session: Session, query: TrendQuery, from: number, to: number): Step<readonly TrendBar[]> {
  const { maxOfOne, partsInOrder, partsOfOne, trendOfBars } = session.sql.history
  const limit = Math.ceil((isOfOne(query) ? maxOfOne.trend : MAX_TREND_EXECUTIONS) / query.bars)
  const rows = barEdges(query, from, to)
  const replies = (isOfOne(query) ? partsOfOne : partsInOrder).map((part) => {
    const [text, values] = trendOfBars(part, query, limit)
    return session.allEach<BarRecord>(text, rows, ...values)
  })
  const parts = (yield* collectReplies(replies)).map((records) => Map.groupBy(records, ({ bar }) => bar))
  return rows.map(([bar, at, endAt]) => {
    const ofBar = parts.map((part) => part.get(bar) ?? [])
    const isFull = (records: readonly BarRecord[]) => countAll(records) >= limit
    const counts = ofBar.flatMap((records) => (isFull(records) ? scaled(records, at, endAt) : records))
    return { at, counts: countsOf(counts), isEstimate: ofBar.some(isFull) }
  })
}

/** Estimates the counts in a bar from its oldest executions. */
function scaled(records: readonly BarRecord[], at: number, endAt: number): readonly GroupRecord[] {
  const lastAt = Math.max(...records.map(({ last_at }) => last_at))
  return records.map((record) => ({ ...record, count: estimateInBar(record.count, at, endAt, lastAt) }))
}

function countsOf(records: readonly GroupRecord[]): TrendBar['counts'] {
  return Object.fromEntries(records.map(({ status, count }) => [status, count]))
}

function countAll(records: readonly GroupRecord[]): number {
  return records.reduce((sum, { count }) => sum + count, 0)
}

function isOfOne({ workflow, trigger }: CountFilter): boolean {
  return workflow !== undefined || trigger !== undefined
}
