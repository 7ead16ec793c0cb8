/** What the polls of triggers came to: the last tick of each, one with all that is kept of it, and how many there were over a time. */

import type { ActivityStore } from '../../../engine/ports.ts'
import type { ActivityBar, ActivityQuery, LastTicks, TickDetail } from '../../../model/history.ts'
import { BAR_AT_MOST, type BarParts, barOf, type Counted, edgesOf, HAPPENINGS, type Run } from '../../activity-bars.ts'
import { fault, type TickRecord, tickRow } from '../../rows.ts'
import { OPEN_SKIPS } from '../../sql/triggers.ts'
import type { AddStep } from '../../steps.ts'
import type { Connection } from '../file/connection.ts'
import {
  COUNT_TICKS,
  FIND_TICK_WITH_LOG,
  LAST_FIRED_TICK,
  LAST_TICK,
  OPEN_RUN,
  SKIPS_ACROSS,
  SKIPS_BETWEEN,
  SKIPS_BY_BAR,
  SKIPS_OVER_EDGES,
  TICKS_BY_BAR,
  TICKS_OF_OUTCOME,
} from './activity-queries.ts'

/** Number of ticks that are grouped in one step. Measured: 1 ms for 2,500. */
const MAX_GROUPED = 2_500
/** Number of bars of a step where there are more. Others get their turn between two steps. */
const BARS_A_STEP = 5
const TRIGGERS_A_STEP = 100

const NO_RUNS: BarParts['inside'] = { count: 0, runs: 0, last_at: null }

interface OpenRun extends Run {
  readonly seq: number
  readonly id: string | null
  readonly log: string | null
}

export function activityStore(step: AddStep<Connection>): ActivityStore {
  return {
    async bars(query) {
      const grouped = await step('read', (connection) => groupedBars(connection, query))
      if (grouped !== null) return grouped
      const bars: ActivityBar[] = []
      for (let from = 0; from < query.bars; from += BARS_A_STEP) {
        bars.push(...(await step('read', (connection) => barsFrom(connection, query, from))))
      }
      return bars
    },
    async lastTicks(triggers) {
      const found = new Map<string, LastTicks>()
      for (let from = 0; from < triggers.length; from += TRIGGERS_A_STEP) {
        const some = triggers.slice(from, from + TRIGGERS_A_STEP)
        const rows = await step('read', (connection) => some.map((name) => lastTicks(connection, name)))
        for (const row of rows) if (row !== null) found.set(row.last.trigger, row)
      }
      return found
    },
    tick: (trigger, id, untilAt) => step('read', (connection) => tick(connection, trigger, id, untilAt)),
  }
}

/** The open run of skips is the newest tick there is. */
function lastTicks(connection: Connection, trigger: string): LastTicks | null {
  const seq = connection.one<OpenRun>(OPEN_RUN, trigger)?.seq
  if (seq === undefined) return null
  const last = connection.one<TickRecord>(OPEN_SKIPS, seq) ?? connection.one<TickRecord>(LAST_TICK, seq)
  if (last === undefined) return null
  const fired = last.outcome === 'fired' ? last : connection.one<TickRecord>(LAST_FIRED_TICK, seq)
  return { last: tickRow(last, trigger), lastFired: fired === undefined ? null : tickRow(fired, trigger) }
}

function tick(connection: Connection, trigger: string, id: string, untilAt: number): TickDetail | null {
  const run = connection.one<OpenRun>(OPEN_RUN, trigger)
  if (run === undefined) return null
  const open = run.id === id ? connection.one<TickRecord>(OPEN_SKIPS, run.seq) : undefined
  if (open !== undefined) return { tick: tickRow(open, trigger), error: null, logText: run.log }
  const record = connection.one<TickRecord & { readonly log: string | null }>(FIND_TICK_WITH_LOG, run.seq, untilAt, id)
  if (record === undefined) return null
  return { tick: tickRow(record, trigger), error: fault(record.error), logText: record.log }
}

type Barred<Found> = Found & { readonly bar: number }

/** Counts all bars in few statements. Returns null if there are too many ticks. */
function groupedBars(connection: Connection, query: ActivityQuery): readonly ActivityBar[] | null {
  const open = connection.one<OpenRun>(OPEN_RUN, query.trigger)
  const edges = edgesOf(query)
  if (open === undefined) return edges.slice(0, -1).map((at) => ({ at, counts: {}, isEstimate: false }))
  const { sinceAt, untilAt, bars } = query
  const asked = [open.seq, sinceAt, untilAt, bars, untilAt - sinceAt] as const
  const ticks = connection.one<{ readonly count: number }>(COUNT_TICKS, ...asked, MAX_GROUPED + 1)
  if ((ticks?.count ?? 0) > MAX_GROUPED) return null
  const happenings = Map.groupBy(
    connection.all<Barred<BarParts['happenings'][number]>>(TICKS_BY_BAR, ...asked),
    barOfRow,
  )
  const inside = Map.groupBy(connection.all<Barred<BarParts['inside']>>(SKIPS_BY_BAR, ...asked), barOfRow)
  const last = connection.one<Run>(SKIPS_ACROSS, open.seq, untilAt)
  const over = [...connection.all<Run>(SKIPS_OVER_EDGES, ...asked), ...(last === undefined ? [] : [last])]
  const across = edges.map((edgeAt) => over.find(({ last_at }) => last_at >= edgeAt))
  return edges.slice(0, -1).map((at, bar) => {
    return barOf({
      at,
      endAt: edges[bar + 1] ?? at,
      happenings: happenings.get(bar) ?? [],
      inside: inside.get(bar)?.[0] ?? NO_RUNS,
      across: [across[bar], across[bar + 1]],
      open: open.count > 0 ? open : null,
    })
  })
}

function barOfRow({ bar }: Barred<unknown>): number {
  return bar
}

function barsFrom(connection: Connection, query: ActivityQuery, from: number): readonly ActivityBar[] {
  const run = connection.one<OpenRun>(OPEN_RUN, query.trigger)
  const edges = edgesOf(query)
  return edges.slice(from, Math.min(from + BARS_A_STEP, query.bars)).map((at, index) => {
    const endAt = edges[from + index + 1] ?? at
    return run === undefined ? { at, counts: {}, isEstimate: false } : bar(connection, run, at, endAt)
  })
}

function bar(connection: Connection, open: OpenRun, at: number, endAt: number): ActivityBar {
  const happenings = HAPPENINGS.map((outcome) => {
    const found = connection.one<Counted>(TICKS_OF_OUTCOME, open.seq, outcome, at, endAt, BAR_AT_MOST)
    return { outcome, count: found?.count ?? 0, last_at: found?.last_at ?? null }
  })
  const inside = connection.one<BarParts['inside']>(SKIPS_BETWEEN, open.seq, at, endAt, BAR_AT_MOST, at)
  const across = (edgeAt: number) => connection.one<Run>(SKIPS_ACROSS, open.seq, edgeAt)
  return barOf({
    at,
    endAt,
    happenings,
    inside: inside ?? NO_RUNS,
    across: [across(at), across(endAt)],
    open: open.count > 0 ? open : null,
  })
}
