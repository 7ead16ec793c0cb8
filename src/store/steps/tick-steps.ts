/** Lists of ticks. */

import type { Page, TickFilter } from '../../engine/store-ports.ts'
import type { TickRow } from '../../model/schedule-rows.ts'
import * as sql from '../sql/trigger-sql.ts'
import { type TickRecord, tickRow } from '../store-rows.ts'
import { collectReplies, type Session, type Step } from '../store-session.ts'
import { FIRST_PLACE, type RowPlace } from './row-places.ts'

/** Lists ticks. The open run of skips is the newest tick. */
export function* listTicks(session: Session, trigger: string, filter: Page & TickFilter): Step<readonly TickRow[]> {
  const { limit, offset, after } = filter
  const found = yield* session.one<{ readonly seq: number }>(sql.FIND_TRIGGER_SEQ, trigger)
  if (found === undefined) return []
  const newest = after === undefined ? yield* newestOf(session, found.seq, filter) : []
  const shown = newest.slice(offset, offset + limit)
  const page = { limit: limit - shown.length, offset: Math.max(0, offset - newest.length) }
  const rest = yield* closedTicks(session, found.seq, filter, page)
  return [...shown, ...rest].map((record) => tickRow(record, trigger))
}

/** Reads ticks that may end after the period although they began in it. */
function* newestOf(session: Session, seq: number, filter: TickFilter): Step<readonly TickRecord[]> {
  const { outcomes, sinceAt = Number.NEGATIVE_INFINITY, untilAt } = filter
  const open = session.all<TickRecord>(sql.OPEN_SKIPS, seq)
  const across = untilAt === undefined ? [] : yield* session.all<TickRecord>(sql.TICK_ACROSS, seq, untilAt)
  return [...(yield* open), ...across].filter(
    ({ outcome, firstAt, lastAt }) =>
      (outcomes?.includes(outcome) ?? true) && lastAt >= sinceAt && firstAt < (untilAt ?? Number.POSITIVE_INFINITY),
  )
}

function* closedTicks(
  session: Session,
  seq: number,
  { outcomes, sinceAt = 0, untilAt = Number.MAX_SAFE_INTEGER, after }: TickFilter,
  { limit, offset }: Page,
): Step<readonly TickRecord[]> {
  const { at, seq: placeSeq } = after === undefined ? FIRST_PLACE : yield* placeOf(session, seq, after)
  const range = [seq, sinceAt, untilAt, at, placeSeq]
  if (outcomes === undefined) return yield* session.all<TickRecord>(sql.LIST_TICKS, ...range, limit, offset)
  // Each outcome has its own part of the index, so reading the outcomes one by one sorts only the rows of a page.
  const replies = [...new Set(outcomes)].map((outcome) =>
    session.all<TickRecord>(sql.LIST_TICKS_OF_OUTCOME, ...range, limit + offset, 0, outcome),
  )
  const records = (yield* collectReplies(replies)).flat()
  return records.sort((one, other) => other.lastAt - one.lastAt || other.seq - one.seq).slice(offset, offset + limit)
}

/** Returns the place of a tick. If it is gone, the ticks of the same time take its place. */
function* placeOf(session: Session, seq: number, { id, lastAt }: NonNullable<TickFilter['after']>): Step<RowPlace> {
  const statement = 'SELECT last_at AS at, seq FROM ticks WHERE trigger_seq = $1 AND last_at = $2 AND id = $3'
  return (yield* session.one<RowPlace>(statement, seq, lastAt, id)) ?? { at: lastAt, seq: Number.MAX_SAFE_INTEGER }
}
