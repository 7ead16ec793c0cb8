/** Steps of the polls of triggers: the last tick of each trigger, one tick with its log, and numbers of ticks over time. */

import type { ActivityStore } from '../../../engine/ports.ts'
import type { ActivityBar, ActivityQuery, LastTicks, TickDetail } from '../../../model/history.ts'
import type { TickOutcome } from '../../../model/schedule.ts'
import { BAR_AT_MOST, type BarParts, barOf, type Counted, HAPPENINGS, type Run } from '../../activity-bars.ts'
import { edgesOf } from '../../history-shapes.ts'
import { fault, type TickRecord, tickRow } from '../../rows.ts'
import { allOf, type RunStep, type Session, type Step } from '../../session.ts'
import {
  COUNT_TICKS,
  FIND_TICK,
  OPEN_RUN,
  OPEN_TICK,
  SKIPS_BY_BAR,
  SKIPS_OVER_EDGES,
  TICKS_BY_BAR,
} from '../../sql/history/activity.ts'
import { inSteps } from './parts.ts'

/** Number of ticks that are grouped in one step. SQLite needs 1 ms for 2,500. */
const MAX_GROUPED = 2_500
const BARS_PER_STEP = 5
const TRIGGERS_PER_STEP = 100

const NO_RUNS: BarParts['inside'] = { count: 0, runs: 0, last_at: null }

interface OpenRun extends Run {
  readonly seq: number
}

type Barred<Found> = Found & { readonly bar: number }

type Happening = Barred<Counted & { readonly outcome: TickOutcome }>

interface NamedTick extends TickRecord {
  readonly name: string
}

/** The ticks of all bars. */
interface Ticks {
  readonly open: OpenRun
  readonly happenings: readonly Happening[]
  readonly inside: readonly Barred<BarParts['inside']>[]
  /** Returns the first run of skips that ended at an edge or later. */
  across(bar: number): Run | undefined
}

/** `isBlocking`: whether a step blocks the event loop. */
export function activityStore(run: RunStep, isBlocking: boolean): ActivityStore {
  return {
    async bars(query) {
      const grouped = await run('read', (session) => groupedBars(session, query))
      if (grouped !== null) return grouped
      return inSteps(query.bars, isBlocking ? BARS_PER_STEP : query.bars, (from, to) =>
        run('read', (session) => barsBetween(session, query, from, to)),
      )
    },
    async lastTicks(triggers) {
      const perStep = isBlocking ? TRIGGERS_PER_STEP : Math.max(1, triggers.length)
      const found = await inSteps(triggers.length, perStep, (from, to) =>
        run('read', (session) => lastTicks(session, triggers.slice(from, to))),
      )
      return new Map(found.map((ticks) => [ticks.last.trigger, ticks]))
    },
    tick: (trigger, id, untilAt) => run('read', (session) => getTick(session, trigger, id, untilAt)),
  }
}

/** The open run of skips is the newest tick. Triggers without ticks are missing. */
function* lastTicks(session: Session, triggers: readonly string[]): Step<readonly LastTicks[]> {
  const { openTicks, newestTicks, newestFiredTicks } = session.sql.activity
  const names = triggers.map((name) => [name])
  const replies = [openTicks, newestTicks, newestFiredTicks].map((sql) => session.allEach<NamedTick>(sql, names))
  const [open, newest, fired] = (yield* allOf(replies)).map((found) => new Map(found.map((tick) => [tick.name, tick])))
  return triggers.flatMap((trigger) => {
    const last = open?.get(trigger) ?? newest?.get(trigger)
    if (last === undefined) return []
    const lastFired = fired?.get(trigger)
    return { last: tickRow(last, trigger), lastFired: lastFired === undefined ? null : tickRow(lastFired, trigger) }
  })
}

function* getTick(session: Session, trigger: string, id: string, untilAt: number): Step<TickDetail | null> {
  type Found = TickRecord & { readonly log: string | null }
  const open = session.one<Found>(OPEN_TICK, trigger, id)
  const closed = session.one<Found>(FIND_TICK, trigger, id, untilAt)
  const record = (yield* open) ?? (yield* closed)
  if (record === undefined) return null
  return { tick: tickRow(record, trigger), error: fault(record.error), logText: record.log }
}

/** Counts all bars in few statements. Returns null if there are too many ticks. */
function* groupedBars(session: Session, query: ActivityQuery): Step<readonly ActivityBar[] | null> {
  const { trigger, sinceAt, untilAt, bars } = query
  const counting = session.one<{ readonly count: number }>(COUNT_TICKS, trigger, sinceAt, untilAt, MAX_GROUPED + 1)
  const open = yield* session.one<OpenRun>(OPEN_RUN, trigger)
  const counted = yield* counting
  if (open === undefined) return barsOf(query, null, 0, bars)
  if (counted !== undefined && counted.count > MAX_GROUPED) return null
  const values = [open.seq, sinceAt, untilAt, untilAt - sinceAt, bars]
  const happenings = session.all<Happening>(TICKS_BY_BAR, ...values)
  const inside = session.all<Barred<BarParts['inside']>>(SKIPS_BY_BAR, ...values)
  const over = session.all<Run>(SKIPS_OVER_EDGES, ...values)
  const last = session.allEach<Run>(session.sql.activity.skipsAcross, [[bars, untilAt]], open.seq)
  const edges = edgesOf(query)
  const ticks = { open, happenings: yield* happenings, inside: yield* inside }
  const runs = [...(yield* over), ...(yield* last)]
  const across = (bar: number) => runs.find(({ last_at }) => last_at >= (edges[bar] ?? untilAt))
  return barsOf(query, { ...ticks, across }, 0, bars)
}

/** Counts bar by bar. The beginning of a bar with too many ticks stands for all of it. */
function* barsBetween(session: Session, query: ActivityQuery, from: number, to: number): Step<readonly ActivityBar[]> {
  const open = yield* session.one<OpenRun>(OPEN_RUN, query.trigger)
  if (open === undefined) return barsOf(query, null, from, to)
  const sql = session.sql.activity
  const edges = edgesOf(query)
  const rows = edges.slice(from, to).map((at, index) => [from + index, at, edges[from + index + 1] ?? at] as const)
  const ofOutcomes = rows.flatMap(([bar, at, endAt]) => HAPPENINGS.map((outcome) => [bar, outcome, at, endAt]))
  const ofEdges = edges.slice(from, to + 1).map((at, index) => [from + index, at])
  const happenings = session.allEach<Happening>(sql.countOfOutcomes, ofOutcomes, open.seq, BAR_AT_MOST)
  const inside = session.allEach<Barred<BarParts['inside']>>(sql.countOfSkips, rows, open.seq, BAR_AT_MOST)
  const across = yield* session.allEach<Barred<Run>>(sql.skipsAcross, ofEdges, open.seq)
  const runs = new Map(across.map((run) => [run.bar, run]))
  const ticks = { open, happenings: yield* happenings, inside: yield* inside }
  return barsOf(query, { ...ticks, across: (bar) => runs.get(bar) }, from, to)
}

/** `ticks`: null if there is no trigger. */
function barsOf(query: ActivityQuery, ticks: Ticks | null, from: number, to: number): readonly ActivityBar[] {
  const edges = edgesOf(query)
  const happenings = Map.groupBy(ticks?.happenings ?? [], ({ bar }) => bar)
  const inside = new Map(ticks?.inside.map((runs) => [runs.bar, runs]))
  return edges.slice(from, to).map((at, index) => {
    const bar = from + index
    if (ticks === null) return { at, counts: {}, isEstimate: false }
    return barOf({
      at,
      endAt: edges[bar + 1] ?? at,
      happenings: happenings.get(bar) ?? [],
      inside: inside.get(bar) ?? NO_RUNS,
      across: [ticks.across(bar), ticks.across(bar + 1)],
      open: ticks.open.count > 0 ? ticks.open : null,
    })
  })
}
