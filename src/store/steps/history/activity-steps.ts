/** Steps that read polls of triggers: the last ticks, one tick with its log, and numbers of ticks over time. */

import type { ActivityStore } from '../../../engine/store.ts'
import type { ActivityBar, ActivityQuery, LastTicks, TickDetail } from '../../../model/execution-history.ts'
import type { TickOutcome } from '../../../model/schedule-rows.ts'
import * as sql from '../../sql/history/activity-sql.ts'
import { fault, type TickRecord, tickRow } from '../../store-rows.ts'
import { collectReplies, type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { barEdges, estimateInBar, readInSteps } from './trend-bars.ts'

/** Number of ticks that are grouped in one step. SQLite needs 1 ms for 2,500. */
const MAX_GROUPED = 2_500
const BARS_PER_STEP = 5
const TRIGGERS_PER_STEP = 100

/** Maximum number of ticks of one outcome that are counted in one bar. */
const MAX_ROWS_PER_BAR = 500

const HAPPENINGS: readonly TickOutcome[] = ['fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut']

interface Run {
  readonly first_at: number
  readonly last_at: number
  readonly count: number
}

interface OpenRun extends Run {
  readonly seq: number
}

interface Counted {
  readonly bar: number
  readonly count: number
  readonly last_at: number | null
}

interface Happening extends Counted {
  readonly outcome: TickOutcome
}

interface RunsInside extends Counted {
  readonly runs: number
}

interface Ticks {
  readonly open: Run
  readonly happenings: readonly Happening[]
  readonly inside: readonly RunsInside[]
  /** Runs of skips that may reach over an edge, in the order of their ends. */
  readonly across: readonly Run[]
}

const NO_TICKS: Ticks = { open: { first_at: 0, last_at: 0, count: 0 }, happenings: [], inside: [], across: [] }

export function activityStore(run: RunStep, isBlocking: boolean): ActivityStore {
  return {
    async bars(query) {
      const grouped = await run('read', (session) => groupedBars(session, query))
      if (grouped !== null) return grouped
      return readInSteps(query.bars, isBlocking ? BARS_PER_STEP : query.bars, (from, to) =>
        run('read', (session) => barsBetween(session, query, from, to)),
      )
    },
    async lastTicks(triggers) {
      const perStep = isBlocking ? TRIGGERS_PER_STEP : Math.max(1, triggers.length)
      const found = await readInSteps(triggers.length, perStep, (from, to) =>
        run('read', (session) => lastTicks(session, triggers.slice(from, to))),
      )
      return new Map(found.map((ticks) => [ticks.last.trigger, ticks]))
    },
    tick: stepMethod(run, 'read', getTick),
  }
}

/** The open run of skips is the newest tick. Triggers without ticks are missing. */
function* lastTicks(session: Session, triggers: readonly string[]): Step<readonly LastTicks[]> {
  const { openTicks, newestTicks, newestFiredTicks } = session.sql.activity
  const names = triggers.map((name) => [name])
  const replies = [openTicks, newestTicks, newestFiredTicks].map((statement) =>
    session.allEach<TickRecord & { readonly name: string }>(statement, names),
  )
  const [open, newest, fired] = (yield* collectReplies(replies)).map(
    (found) => new Map(found.map(({ name, ...tick }) => [name, tickRow(tick, name)])),
  )
  return triggers.flatMap((trigger) => {
    const last = open?.get(trigger) ?? newest?.get(trigger)
    return last === undefined ? [] : { last, lastFired: fired?.get(trigger) ?? null }
  })
}

function* getTick(session: Session, trigger: string, id: string, untilAt: number): Step<TickDetail | null> {
  type Found = TickRecord & { readonly [Column in 'log' | 'before' | 'after']: string | null }
  const open = session.one<Found>(sql.OPEN_TICK, trigger, id)
  const closed = session.one<Found>(sql.FIND_TICK, trigger, id, untilAt)
  const record = (yield* open) ?? (yield* closed)
  if (record === undefined) return null
  const { log: logText, before, after, ...tick } = record
  const stateChange = before === null || after === null ? null : { beforeText: before, afterText: after }
  return { tick: tickRow(tick, trigger), error: fault(tick.error), logText, stateChange }
}

/** Counts all bars in few statements. Returns null if there are too many ticks. */
function* groupedBars(session: Session, query: ActivityQuery): Step<readonly ActivityBar[] | null> {
  const { trigger, sinceAt, untilAt, bars } = query
  const counting = session.one<{ readonly count: number }>(sql.COUNT_TICKS, trigger, sinceAt, untilAt, MAX_GROUPED + 1)
  const open = yield* session.one<OpenRun>(sql.OPEN_RUN, trigger)
  const counted = yield* counting
  if (open === undefined) return barsOf(query, NO_TICKS, 0, bars)
  if (counted !== undefined && counted.count > MAX_GROUPED) return null
  const values = [open.seq, sinceAt, untilAt, untilAt - sinceAt, bars]
  const happenings = session.all<Happening>(sql.TICKS_BY_BAR, ...values)
  const inside = session.all<RunsInside>(sql.SKIPS_BY_BAR, ...values)
  const over = session.all<Run>(sql.SKIPS_OVER_EDGES, ...values)
  const last = session.allEach<Run>(session.sql.activity.skipsAcross, [[bars, untilAt]], open.seq)
  const across = [...(yield* over), ...(yield* last)]
  return barsOf(query, { open, happenings: yield* happenings, inside: yield* inside, across }, 0, bars)
}

/** Counts bar by bar. The beginning of a bar with too many ticks stands for all of it. */
function* barsBetween(session: Session, query: ActivityQuery, from: number, to: number): Step<readonly ActivityBar[]> {
  const open = yield* session.one<OpenRun>(sql.OPEN_RUN, query.trigger)
  if (open === undefined) return barsOf(query, NO_TICKS, from, to)
  const { countOfOutcomes, countOfSkips, skipsAcross } = session.sql.activity
  const rows = barEdges(query, from, to)
  const ofOutcomes = rows.flatMap(([bar, at, endAt]) => HAPPENINGS.map((outcome) => [bar, outcome, at, endAt]))
  const ofEdges = [...rows.map(([bar, at]) => [bar, at]), ...rows.slice(-1).map(([bar, , endAt]) => [bar + 1, endAt])]
  const happenings = session.allEach<Happening>(countOfOutcomes, ofOutcomes, open.seq, MAX_ROWS_PER_BAR)
  const inside = session.allEach<RunsInside>(countOfSkips, rows, open.seq, MAX_ROWS_PER_BAR)
  const found = yield* session.allEach<Run>(skipsAcross, ofEdges, open.seq)
  const across = found.toSorted((one, other) => one.last_at - other.last_at)
  return barsOf(query, { open, happenings: yield* happenings, inside: yield* inside, across }, from, to)
}

function barsOf(query: ActivityQuery, ticks: Ticks, from: number, to: number): readonly ActivityBar[] {
  const happenings = Map.groupBy(ticks.happenings, ({ bar }) => bar)
  const inside = new Map(ticks.inside.map((runs) => [runs.bar, runs]))
  return barEdges(query, from, to).map(([bar, at, endAt]) => {
    const found = happenings.get(bar) ?? []
    const runs = inside.get(bar) ?? { bar, count: 0, runs: 0, last_at: null }
    const isFull = runs.runs >= MAX_ROWS_PER_BAR
    const shares = runsOver(ticks, at, endAt).reduce((sum, run) => sum + share(run, at, endAt), 0)
    const skipped = (isFull ? scaled(runs, at, endAt) : runs.count) + Math.round(shares)
    const numbers = found.map((each): [TickOutcome, number] => {
      return [each.outcome, each.count >= MAX_ROWS_PER_BAR ? scaled(each, at, endAt) : each.count]
    })
    const counts = [...numbers, ['skipped', skipped] as const].filter(([, count]) => count > 0)
    const isEstimate = isFull || found.some(({ count }) => count >= MAX_ROWS_PER_BAR)
    return { at, counts: Object.fromEntries(counts), isEstimate }
  })
}

/** Returns the runs that reach over an edge of a bar, and the open run. */
function runsOver({ across, open }: Ticks, at: number, endAt: number): readonly Run[] {
  const over = [at, endAt].flatMap((edge) => {
    const run = across.find(({ last_at }) => last_at >= edge)
    return run !== undefined && run.first_at < edge ? run : []
  })
  return [...new Set(over), open]
}

/** Returns the part of the skips of a run that are in a bar, if they are spread evenly. */
function share({ first_at, last_at, count }: Run, at: number, endAt: number): number {
  if (count === 0 || last_at < at || first_at >= endAt) return 0
  if (last_at === first_at) return count
  return (count * (Math.min(last_at, endAt) - Math.max(first_at, at))) / (last_at - first_at)
}

function scaled({ count, last_at }: Counted, at: number, endAt: number): number {
  return estimateInBar(count, at, endAt, last_at ?? endAt)
}
