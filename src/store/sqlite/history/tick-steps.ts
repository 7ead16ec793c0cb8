/** Lists of ticks. Each function is the body of one step and runs in its transaction. */

import type { Page, TickFilter } from '../../../engine/ports.ts'
import type { TickRow } from '../../../model/schedule.ts'
import { type TickRecord, tickRow } from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import { FIND_TICK, FIND_TRIGGER, OPEN_SKIPS, TICK_ACROSS, type TickListing, tickListing } from '../trigger-queries.ts'

interface TickPlace {
  readonly last_at: number
  readonly seq: number
}

/** The open run of skips is the newest tick there is. */
export function listTicks(connection: Connection, trigger: string, filter: Page & TickFilter): readonly TickRow[] {
  const { limit, offset, after } = filter
  const found = connection.one<{ readonly seq: number }>(FIND_TRIGGER, trigger)
  if (found === undefined) return []
  const newest = after === undefined ? newestOf(connection, trigger, found.seq, filter) : []
  const shown = newest.slice(offset, offset + limit)
  const rest = closedTicks(connection, found.seq, filter, limit - shown.length, Math.max(0, offset - newest.length))
  return [...shown, ...rest].map((record) => tickRow(record, trigger))
}

/** What goes on behind the end of the time, and is not found by its last instant. */
function newestOf(connection: Connection, trigger: string, seq: number, filter: TickFilter): readonly TickRecord[] {
  const { outcomes, sinceAt = Number.NEGATIVE_INFINITY, untilAt } = filter
  const across = untilAt === undefined ? [] : connection.all<TickRecord>(TICK_ACROSS, seq, untilAt)
  return [...connection.all<TickRecord>(OPEN_SKIPS, trigger), ...across].filter(
    ({ outcome, first_at, last_at }) =>
      (outcomes?.includes(outcome) ?? true) && last_at >= sinceAt && first_at < (untilAt ?? Number.POSITIVE_INFINITY),
  )
}

function closedTicks(
  connection: Connection,
  seq: number,
  filter: TickFilter,
  limit: number,
  offset: number,
): readonly TickRecord[] {
  const { outcomes, sinceAt, untilAt, after } = filter
  const place = after === undefined ? null : placeOf(connection, seq, after)
  const listing: TickListing = {
    ...(sinceAt !== undefined && { sinceAt }),
    ...(untilAt !== undefined && { untilAt }),
    ...(place !== null && { before: place }),
  }
  const read = (conditions: TickListing, page: Page): readonly TickRecord[] => {
    const [sql, values] = tickListing(conditions)
    return connection.all<TickRecord>(sql, seq, ...values, page.limit, page.offset)
  }
  const [only, ...others] = new Set(outcomes ?? [])
  if (only === undefined) return outcomes === undefined ? read(listing, { limit, offset }) : []
  if (others.length === 0) return read({ ...listing, outcome: only }, { limit, offset })
  // Each outcome has its own part of the index: together they need no sorting of all there are.
  return [only, ...others]
    .flatMap((outcome) => read({ ...listing, outcome }, { limit: limit + offset, offset: 0 }))
    .sort((one, other) => other.last_at - one.last_at || other.seq - one.seq)
    .slice(offset, offset + limit)
}

/** One that is gone, or was the open run of skips, has left its place to those of its instant. */
function placeOf(connection: Connection, seq: number, { id, lastAt }: NonNullable<TickFilter['after']>): TickPlace {
  return connection.one<TickPlace>(FIND_TICK, seq, lastAt, id) ?? { last_at: lastAt, seq: Number.MAX_SAFE_INTEGER }
}
