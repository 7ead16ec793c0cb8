/** What the polls of triggers came to: the last tick of each, one with all that is kept of it, and how many there were over a time. */

import type { ActivityStore } from '../../../engine/ports.ts'
import type { ActivityBar, ActivityQuery, LastTicks, TickDetail } from '../../../model/history.ts'
import type { TickOutcome } from '../../../model/schedule.ts'
import { BAR_AT_MOST, type BarParts, barOf, type Counted, edgesOf, HAPPENINGS, type Run } from '../../activity-bars.ts'
import { fault, type TickRecord, tickRow } from '../../rows.ts'
import type { Session } from '../session/session.ts'
import type { AddStep } from '../steps.ts'
import {
  FIND_TICK_WITH_LOG,
  LAST_TICKS,
  OPEN_RUN,
  SKIPS_ACROSS,
  SKIPS_BETWEEN,
  TICKS_OF_OUTCOMES,
} from './activity-queries.ts'

interface OpenRun extends Run {
  readonly seq: number
}

type Barred<Found> = Found & { readonly bar: number }

export function activityStore(step: AddStep): ActivityStore {
  return {
    bars: (query) => step('read', (session) => bars(session, query)),
    lastTicks: (triggers) => step('read', (session) => lastTicks(session, triggers)),
    tick: (trigger, id, untilAt) => step('read', (session) => tick(session, trigger, id, untilAt)),
  }
}

async function lastTicks(session: Session, triggers: readonly string[]): Promise<ReadonlyMap<string, LastTicks>> {
  const records = await session.all<TickRecord & { readonly trigger: string }>(LAST_TICKS, triggers)
  const byTrigger = Map.groupBy(records, ({ trigger }) => trigger)
  return new Map(
    [...byTrigger].flatMap(([trigger, found]): [string, LastTicks][] => {
      // The open run of skips is the newest tick there is, and comes first.
      const [last] = found
      const fired = found.find(({ outcome }) => outcome === 'fired')
      if (last === undefined) return []
      return [[trigger, { last: tickRow(last, trigger), lastFired: fired ? tickRow(fired, trigger) : null }]]
    }),
  )
}

async function tick(session: Session, trigger: string, id: string, untilAt: number): Promise<TickDetail | null> {
  const record = await session.one<TickRecord & { readonly log: string | null }>(
    FIND_TICK_WITH_LOG,
    trigger,
    id,
    untilAt,
  )
  if (record === undefined) return null
  return { tick: tickRow(record, trigger), error: fault(record.error), logText: record.log }
}

async function bars(session: Session, query: ActivityQuery): Promise<readonly ActivityBar[]> {
  const edges = edgesOf(query)
  const [from, to] = [edges.slice(0, -1), edges.slice(1)]
  const run = await session.one<OpenRun>(OPEN_RUN, query.trigger)
  if (run === undefined) return from.map((at) => ({ at, counts: {}, isEstimate: false }))
  type Happening = Barred<Counted & { readonly outcome: TickOutcome }>
  const [happenings, inside, across] = await Promise.all([
    session.all<Happening>(TICKS_OF_OUTCOMES, run.seq, from, to, HAPPENINGS, BAR_AT_MOST),
    session.all<Barred<BarParts['inside']>>(SKIPS_BETWEEN, run.seq, from, to, BAR_AT_MOST),
    session.all<Barred<Run>>(SKIPS_ACROSS, run.seq, edges),
  ])
  const [happeningsOf, insideOf, acrossOf] = [byBar(happenings), byBar(inside), byBar(across)]
  return from.map((at, index) => {
    const bar = index + 1
    return barOf({
      at,
      endAt: to[index] ?? at,
      happenings: happeningsOf.get(bar) ?? [],
      inside: insideOf.get(bar)?.[0] ?? { count: 0, runs: 0, last_at: null },
      across: [acrossOf.get(bar)?.[0], acrossOf.get(bar + 1)?.[0]],
      open: run.count > 0 ? run : null,
    })
  })
}

function byBar<Found>(found: readonly Barred<Found>[]): ReadonlyMap<number, readonly Barred<Found>[]> {
  return Map.groupBy(found, ({ bar }) => bar)
}
