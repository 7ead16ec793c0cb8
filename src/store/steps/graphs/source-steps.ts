/** Steps of sources: leases, events and polls. See the methods of the port that have the same names. */

import type {
  AcceptedEvents,
  NewEvents,
  SourceLease,
  SourcePoll,
  SourcePollRow,
} from '../../../engine/graphs/graph-store.ts'
import type { PageAfter } from '../../../engine/store-ports.ts'
import { acceptableEvents, type FoundLease, positionedPartitions } from '../../../model/graphs/acceptance.ts'
import type { SourceEvent, SourceRow } from '../../../model/graphs/graph-model-rows.ts'
import type { StreamPosition } from '../../../model/graphs/stream-events.ts'
import { FIND_INSTANCE } from '../../sql/instance-sql.ts'
import * as sql from '../../sql/source-sql.ts'
import { faultText, withFault } from '../../store-rows.ts'
import { type RowValues, type Session, type Step, toRows } from '../../store-session.ts'
import { requireSeq } from '../instance-steps.ts'
import {
  type EventRecord,
  placeBefore,
  type SourcePollRecord,
  type SourceRecord,
  sourceEvent,
  sourceRow,
} from './graph-rows.ts'

export interface LockedSource extends FoundLease {
  readonly seq: number
  readonly name: string
}

interface LeaseRecord extends SourceLease {
  readonly lease_seq: number | null
}

interface PositionRecord {
  readonly source_seq: number
  readonly partition: string
  readonly read_to: number
}

export function* leaseSources(
  session: Session,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): Step<readonly SourceLease[]> {
  const { lease, listLeases } = session.sql.sources
  const own = yield* engineSeq(session, instanceId)
  const rows = toRows(names)
  let records = yield* session.allEach<LeaseRecord>(listLeases, rows)
  // Engines ask for their leases again and again, and nearly always nothing is free.
  const free = records.filter(({ lease_seq }) => lease_seq === null || deadSeqs.includes(lease_seq))
  if (free.length > 0) {
    session.each(lease, toRows(free.map(({ source }) => source)), own, deadSeqs)
    records = yield* session.allEach<LeaseRecord>(listLeases, rows)
  }
  const leases = new Map(records.map(({ lease_seq, ...lease }) => [lease.source, { lease, isOwn: lease_seq === own }]))
  return names.flatMap((name) => {
    const found = leases.get(name)
    return found?.isOwn ? found.lease : []
  })
}

export function* releaseSources(session: Session, instanceId: string, names: readonly string[]): Step<void> {
  const own = yield* engineSeq(session, instanceId)
  session.each(session.sql.sources.release, toRows(names), own)
  session.notifyEngines()
}

function* engineSeq(session: Session, instanceId: string): Step<number> {
  return requireSeq(yield* session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId), instanceId)
}

/** Stores the events of several calls. Notifies other engines if one leases a source. `isOwn`: opened by this store. */
export function* acceptEvents(
  session: Session,
  added: readonly NewEvents[],
  isOwn: (instanceId: string) => boolean,
): Step<readonly AcceptedEvents[]> {
  const { countAccepted, insertEvent, insertPoll, savePosition } = session.sql.sources
  const sources = yield* growingSources(session, added)
  const rows = { events: [] as RowValues[], polls: [] as RowValues[] }
  const answers = added.map((each): AcceptedEvents => {
    const source = sources.find(({ name }) => name === each.source)
    return source === undefined ? { kind: 'unknown' } : addEvents(source, each, rows)
  })
  const grown = sources.filter(({ lastAt }) => lastAt !== null)
  const positions = grown.flatMap(({ seq, moved }) =>
    Array.from(moved, ([partition, offset]) => [seq, partition, offset]),
  )
  const counts = grown.map(({ seq, last_sequence, lastAt }) => [seq, last_sequence, lastAt])
  session.each(insertEvent, rows.events)
  session.each(savePosition, positions)
  session.each(insertPoll, rows.polls)
  session.each(countAccepted, counts)
  if (grown.some(({ lease_id }) => !isOwn(lease_id ?? ''))) session.notifyEngines()
  return answers
}

interface GrowingSource extends LockedSource {
  last_sequence: number
  lastAt: number | null
  /** Offset of each partition that decides about the events. */
  offsets: ReadonlyMap<string, number>
  moved: ReadonlyMap<string, number>
}

const NO_OFFSETS: ReadonlyMap<string, number> = new Map()

function* growingSources(session: Session, added: readonly NewEvents[]): Step<readonly GrowingSource[]> {
  const { listStoredPositions, lock, lockEach } = session.sql.sources
  const placed = added.flatMap((each) => positionedPartitions(each).map((partition) => [each.source, partition]))
  const [first] = added
  if (first !== undefined && added.length === 1 && placed.length === 0) {
    // Nearly every call. On SQLite, a list of one source adds 2 µs to the 8 µs of the step.
    const source = yield* session.one<LockedSource>(lock, first.source)
    return source === undefined ? [] : [{ ...source, lastAt: null, offsets: NO_OFFSETS, moved: NO_OFFSETS }]
  }
  const locked = session.allEach<LockedSource>(lockEach, toRows(added.map(({ source }) => source)))
  const stored = session.allEach<PositionRecord>(listStoredPositions, placed)
  const sources = yield* locked
  const positions = yield* stored
  return sources.map((source) => {
    const own = positions.filter(({ source_seq }) => source_seq === source.seq)
    const offsets = new Map(own.map(({ partition, read_to }) => [partition, read_to]))
    return { ...source, lastAt: null, offsets, moved: NO_OFFSETS }
  })
}

function addEvents(
  source: GrowingSource,
  added: NewEvents,
  rows: { readonly events: RowValues[]; readonly polls: RowValues[] },
): AcceptedEvents {
  const { texts, repeated, positions } = acceptableEvents(added, source, source.offsets)
  const firstSequence = source.last_sequence + 1
  for (const text of texts) rows.events.push([source.seq, ++source.last_sequence, added.at, text])
  if (positions.size > 0) {
    source.offsets = new Map([...source.offsets, ...positions])
    source.moved = new Map([...source.moved, ...positions])
  }
  if (texts.length > 0) source.lastAt = added.at
  if (texts.length > 0 && added.poll !== undefined) {
    rows.polls.push(pollRow(source.seq, { ...added.poll, count: 1, sequence: firstSequence, error: null }))
  }
  const waiting = source.last_sequence - source.done_sequence
  return { kind: 'accepted', accepted: texts.length, repeated, firstSequence, waiting }
}

export function* refuseEvents(session: Session, source: string, events: number): Step<void> {
  session.run(sql.COUNT_REFUSED, source, events)
}

export function* readPositions(session: Session, source: string): Step<readonly StreamPosition[]> {
  return yield* session.all<StreamPosition>(sql.LIST_POSITIONS, source)
}

export function* eventsAfter(
  session: Session,
  source: string,
  sequence: number,
  { events, maxChars }: { readonly events: number; readonly maxChars: number },
): Step<readonly SourceEvent[]> {
  const texts = { column: 'event', maxChars } as const
  const records = yield* session.allWithin<EventRecord>(texts, sql.EVENTS_AFTER, source, sequence, events)
  return records.map((record) => sourceEvent(source, record))
}

export function* listEvents(session: Session, source: string, page: PageAfter): Step<readonly SourceEvent[]> {
  const records = yield* session.all<EventRecord>(sql.LIST_EVENTS, source, placeBefore(page), page.limit, page.offset)
  return records.map((record) => sourceEvent(source, record))
}

/** Records polls. Consecutive skips share a row. Locks the source, because another engine may report its polls. */
export function* recordPolls(session: Session, source: string, polls: readonly SourcePoll[]): Step<void> {
  const locked = session.one<LockedSource>(session.sql.sources.lock, source)
  const newest = yield* session.one<{ readonly seq: number; readonly outcome: string }>(sql.NEWEST_POLL, source)
  const found = yield* locked
  if (found === undefined) return
  const [first, ...rest] = mergedSkips(polls)
  if (first === undefined) return
  const isExtended = first.outcome === 'skipped' && newest?.outcome === 'skipped'
  if (isExtended)
    session.run(sql.EXTEND_POLL_SKIPS, newest.seq, first.lastAt, first.count, first.latenessMs, first.durationMs)
  const rows = (isExtended ? rest : [first, ...rest]).map((poll) => pollRow(found.seq, poll))
  session.each(session.sql.sources.insertPoll, rows)
}

function mergedSkips(polls: readonly SourcePoll[]): readonly SourcePoll[] {
  const rows: SourcePoll[] = []
  for (const poll of polls) {
    const before = rows.at(-1)
    if (before?.outcome !== 'skipped' || poll.outcome !== 'skipped') rows.push(poll)
    else rows[rows.length - 1] = bothSkips(before, poll)
  }
  return rows
}

function bothSkips(before: SourcePoll, poll: SourcePoll): SourcePoll {
  const lateness = [before.latenessMs, poll.latenessMs].flatMap((each) => each ?? [])
  return {
    ...before,
    lastAt: poll.lastAt,
    count: before.count + poll.count,
    latenessMs: lateness.length === 0 ? null : Math.max(...lateness),
    durationMs: Math.max(before.durationMs, poll.durationMs),
  }
}

function pollRow(seq: number, poll: SourcePoll): RowValues {
  const { outcome, firstAt, lastAt, count, latenessMs, durationMs, sequence, error } = poll
  return [seq, outcome, firstAt, lastAt, count, latenessMs, durationMs, sequence, faultText(error)]
}

export function* listPolls(session: Session, source: string, page: PageAfter): Step<readonly SourcePollRow[]> {
  const records = yield* session.all<SourcePollRecord>(
    sql.LIST_POLLS,
    source,
    placeBefore(page),
    page.limit,
    page.offset,
  )
  return records.map(withFault)
}

export function* listSources(session: Session): Step<readonly SourceRow[]> {
  return (yield* session.all<SourceRecord>(sql.LIST_SOURCES)).map(sourceRow)
}

export function* getSource(session: Session, name: string): Step<SourceRow | null> {
  const record = yield* session.one<SourceRecord>(sql.GET_SOURCE, name)
  return record === undefined ? null : sourceRow(record)
}
