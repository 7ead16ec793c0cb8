/** Steps that count executions. Each count has a limit, so that it costs the same however long the history is. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { BoundedCount, CountFilter, ExecutionCounts, TrendBar, TrendQuery } from '../../../model/history.ts'
import {
  COUNTED_AT_MOST,
  edgeOfBar,
  groupedTrendBars,
  STATUSES,
  scaledToBar,
  TREND_AT_MOST,
} from '../../history-shapes.ts'
import { allOf, type RunStep, type Session, type Step } from '../../session.ts'
import { countListing, groupedTrend } from '../../sql/history/executions.ts'
import { inSteps } from './parts.ts'

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
  const limit = isOfOne(filter) ? session.sql.history.maxOfOne.counted : COUNTED_AT_MOST
  const replies = STATUSES.map((status) => {
    const { text, values } = countListing(session.sql.history, status, filter, limit)
    return session.one<{ readonly seen: number; readonly count: number }>(text, ...values)
  })
  const entries = (yield* allOf(replies)).map((found, index): [ExecutionStatus | undefined, BoundedCount] => {
    return [STATUSES[index], { count: found?.count ?? 0, isAtLeast: (found?.seen ?? 0) >= limit }]
  })
  return Object.fromEntries(entries) as ExecutionCounts
}

/**
 * Counts all bars in one step. If there are too many executions, counts bar by bar, and the beginning of a bar may stand
 * for all of it.
 */
export async function readTrend(run: RunStep, query: TrendQuery, isBlocking: boolean): Promise<readonly TrendBar[]> {
  const grouped = await run('read', (session) => groupedBars(session, query))
  if (grouped !== null) return grouped
  const perStep = isBlocking ? Math.ceil(query.bars / STEPS_OF_TREND) : query.bars
  return inSteps(query.bars, perStep, (from, to) => run('read', (session) => estimatedBars(session, query, from, to)))
}

/** Returns null if there are too many executions. */
function* groupedBars(session: Session, query: TrendQuery): Step<readonly TrendBar[] | null> {
  const limit = isOfOne(query) ? session.sql.history.maxOfOne.counted : COUNTED_AT_MOST
  const { parts, partsOfOne } = session.sql.history
  const replies = (isOfOne(query) ? partsOfOne : parts).map((part) => {
    const { text, values } = groupedTrend(part, query, limit + 1)
    return session.all<GroupRecord>(text, ...values)
  })
  const records = (yield* allOf(replies)).flat()
  return countAll(records) > limit ? null : groupedTrendBars(query, records)
}

function* estimatedBars(session: Session, query: TrendQuery, from: number, to: number): Step<readonly TrendBar[]> {
  const { maxOfOne, partsInOrder, partsOfOne, trendOfBars } = session.sql.history
  const limit = Math.ceil((isOfOne(query) ? maxOfOne.trend : TREND_AT_MOST) / query.bars)
  const rows = Array.from({ length: to - from }, (_, index) => {
    const bar = from + index
    return [bar, edgeOfBar(query, bar), edgeOfBar(query, bar + 1)] as const
  })
  const replies = (isOfOne(query) ? partsOfOne : partsInOrder).map((part) => {
    const { text, values } = trendOfBars(part, query, limit)
    return session.allEach<BarRecord>(text, rows, ...values)
  })
  const parts = (yield* allOf(replies)).map((records) => Map.groupBy(records, ({ bar }) => bar))
  return rows.map(([bar, at, untilAt]) => {
    const ofBar = parts.map((part) => part.get(bar) ?? [])
    const isFull = (records: readonly BarRecord[]) => countAll(records) >= limit
    const counts = ofBar.flatMap((records) => (isFull(records) ? scaled(records, at, untilAt) : records))
    return {
      at,
      counts: Object.fromEntries(counts.map(({ status, count }) => [status, count])),
      isEstimate: ofBar.some(isFull),
    }
  })
}

/** Estimates the counts in a bar from its oldest executions. */
function scaled(records: readonly BarRecord[], at: number, untilAt: number): readonly BarRecord[] {
  const lastAt = Math.max(...records.map(({ last_at }) => last_at))
  return records.map((record) => ({ ...record, count: scaledToBar(record.count, at, untilAt, lastAt) }))
}

function countAll(records: readonly GroupRecord[]): number {
  return records.reduce((sum, { count }) => sum + count, 0)
}

/** Whether only the executions of one workflow or trigger are counted. */
function isOfOne({ workflow, trigger }: CountFilter): boolean {
  return workflow !== undefined || trigger !== undefined
}
