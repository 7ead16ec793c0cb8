/** Steps of sources: leases, events and polls. See the methods of the port that have the same names. */

import type {
  AcceptedEvents,
  NewEvents,
  PageAfter,
  SourceLease,
  SourcePoll,
  SourcePollRow,
  StreamPosition,
} from '../../../engine/ports.ts'
import type { SourceEvent, SourceRow } from '../../../model/graphs/rows.ts'
import { acceptable, type FoundLease, partitionsOf } from '../../graphs/acceptance.ts'
import {
  type EventRecord,
  type PollRecord,
  placeOf,
  type SourceRecord,
  sourceEvent,
  sourceRow,
} from '../../graphs/rows.ts'
import { faultText, withFault } from '../../rows.ts'
import type { RowValues, Session, Step } from '../../session.ts'
import { FIND_INSTANCE } from '../../sql/instances.ts'
import {
  COUNT_REFUSED,
  EVENTS_AFTER,
  EXTEND_POLL_SKIPS,
  GET_SOURCE,
  LIST_EVENTS,
  LIST_POLLS,
  LIST_POSITIONS,
  LIST_SOURCES,
  NEWEST_POLL,
} from '../../sql/sources.ts'
import { seqOrThrow } from '../instances.ts'

export interface LockedSource extends FoundLease {
  readonly seq: number
  readonly name: string
}

interface LeaseRecord {
  readonly name: string
  readonly lease_seq: number | null
  readonly lease_number: number
  readonly done_sequence: number
  readonly last_sequence: number
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
  const rows = names.map((name) => [name])
  let records = yield* session.allEach<LeaseRecord>(listLeases, rows)
  // Engines ask for their leases again and again, and nearly always nothing is free.
  const free = records.filter(({ lease_seq }) => lease_seq === null || deadSeqs.includes(lease_seq))
  if (free.length > 0) {
    const freeRows = free.map(({ name }) => [name])
    session.each(lease, freeRows, own, deadSeqs)
    records = yield* session.allEach<LeaseRecord>(listLeases, rows)
  }
  const leases = new Map(records.map((record) => [record.name, record]))
  return names.flatMap((name) => {
    const record = leases.get(name)
    if (record?.lease_seq !== own) return []
    const { lease_number: number, done_sequence: doneSequence, last_sequence: lastSequence } = record
    return { source: name, number, doneSequence, lastSequence }
  })
}

export function* releaseSources(session: Session, instanceId: string, names: readonly string[]): Step<void> {
  const own = yield* engineSeq(session, instanceId)
  const rows = names.map((name) => [name])
  session.each(session.sql.sources.release, rows, own)
  session.notifyEngines()
}

function* engineSeq(session: Session, instanceId: string): Step<number> {
  return seqOrThrow(yield* session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId), instanceId)
}

/**
 * Stores the events of several calls. Notifies other engines if one of them leases one of the sources.
 * `isOwn`: whether the store of this step opened an engine.
 */
export function* accept(
  session: Session,
  added: readonly NewEvents[],
  isOwn: (instanceId: string) => boolean,
): Step<readonly AcceptedEvents[]> {
  const { countAccepted, insertEvent, insertPoll, savePosition } = session.sql.sources
  const sources = yield* lockSources(session, added)
  const rows: AcceptedRows = { events: [], positions: [], polls: [], counts: [] }
  const answers = added.map((each) => sources.find(({ name }) => name === each.source)?.accept(each, rows) ?? UNKNOWN)
  const grown = sources.filter(({ isGrown }) => isGrown)
  for (const source of grown) source.finish(rows)
  session.each(insertEvent, rows.events)
  session.each(savePosition, rows.positions)
  session.each(insertPoll, rows.polls)
  session.each(countAccepted, rows.counts)
  if (grown.some(({ leaseId }) => !isOwn(leaseId ?? ''))) session.notifyEngines()
  return answers
}

/** Locks the sources of the calls. */
function* lockSources(session: Session, added: readonly NewEvents[]): Step<readonly GrowingSource[]> {
  const { listStoredPositions, lock, lockEach } = session.sql.sources
  const placed = added.flatMap((each) => partitionsOf(each).map((partition) => [each.source, partition]))
  const [first] = added
  if (first !== undefined && added.length === 1 && placed.length === 0) {
    // Nearly every call. On SQLite, a list of one source adds 2 µs to the 8 µs of the step.
    const source = yield* session.one<LockedSource>(lock, first.source)
    return source === undefined ? [] : [new GrowingSource(source, [])]
  }
  const names = added.map(({ source }) => [source])
  const locked = session.allEach<LockedSource>(lockEach, names)
  const stored = session.allEach<PositionRecord>(listStoredPositions, placed)
  const sources = yield* locked
  const positions = yield* stored
  return sources.map((source) => new GrowingSource(source, positions))
}

/** Rows that `accept` writes. */
interface AcceptedRows {
  readonly events: RowValues[]
  readonly positions: RowValues[]
  readonly polls: RowValues[]
  readonly counts: RowValues[]
}

const UNKNOWN: AcceptedEvents = { kind: 'unknown' }

const NO_OFFSETS: ReadonlyMap<string, number> = new Map()

function offsetsOf(seq: number, positions: readonly PositionRecord[]): ReadonlyMap<string, number> {
  const own = positions.filter(({ source_seq }) => source_seq === seq)
  return new Map(own.map(({ partition, read_to }) => [partition, read_to]))
}

/** A source while events are added to it. */
class GrowingSource {
  readonly name: string
  readonly leaseId: string | null
  readonly #seq: number
  readonly #doneSequence: number
  #stored = NO_OFFSETS
  /** Offsets of the last accepted events, in place of the stored ones. */
  #moved = NO_OFFSETS
  #lastSequence: number
  #lastAt: number | null = null

  constructor(
    { seq, name, last_sequence, done_sequence, lease_id }: LockedSource,
    positions: readonly PositionRecord[],
  ) {
    this.name = name
    this.leaseId = lease_id
    this.#seq = seq
    this.#lastSequence = last_sequence
    this.#doneSequence = done_sequence
    if (positions.length > 0) this.#stored = offsetsOf(seq, positions)
  }

  get isGrown(): boolean {
    return this.#lastAt !== null
  }

  finish(rows: AcceptedRows): void {
    for (const [partition, offset] of this.#moved) rows.positions.push([this.#seq, partition, offset])
    rows.counts.push([this.#seq, this.#lastSequence, this.#lastAt])
  }

  accept(added: NewEvents, rows: AcceptedRows): AcceptedEvents {
    const marks = { last_sequence: this.#lastSequence, done_sequence: this.#doneSequence }
    const { texts, repeated, positions } = acceptable(added, marks, this.#stored)
    const firstSequence = this.#lastSequence + 1
    for (const text of texts) rows.events.push([this.#seq, ++this.#lastSequence, added.at, text])
    if (positions.size > 0) {
      this.#stored = new Map([...this.#stored, ...positions])
      this.#moved = new Map([...this.#moved, ...positions])
    }
    if (texts.length > 0) this.#lastAt = added.at
    if (texts.length > 0 && added.poll !== undefined) {
      rows.polls.push(pollRow(this.#seq, { ...added.poll, count: 1, sequence: firstSequence, error: null }))
    }
    const waiting = this.#lastSequence - this.#doneSequence
    return { kind: 'accepted', accepted: texts.length, repeated, firstSequence, waiting }
  }
}

export function* refuse(session: Session, source: string, events: number): Step<void> {
  session.run(COUNT_REFUSED, source, events)
}

export function* positions(session: Session, source: string): Step<readonly StreamPosition[]> {
  const records = yield* session.all<Omit<PositionRecord, 'source_seq'>>(LIST_POSITIONS, source)
  return records.map(({ partition, read_to: offset }) => ({ partition, offset }))
}

export function* eventsAfter(
  session: Session,
  source: string,
  sequence: number,
  { events, maxChars }: { readonly events: number; readonly maxChars: number },
): Step<readonly SourceEvent[]> {
  const texts = { column: 'event', maxChars } as const
  const records = yield* session.allWithin<EventRecord>(texts, EVENTS_AFTER, source, sequence, events)
  return records.map((record) => sourceEvent(source, record))
}

export function* listEvents(session: Session, source: string, page: PageAfter): Step<readonly SourceEvent[]> {
  const records = yield* session.all<EventRecord>(LIST_EVENTS, source, placeOf(page), page.limit, page.offset)
  return records.map((record) => sourceEvent(source, record))
}

/** Skips that follow a skip are added to its row. Locks the source, because another engine may report polls of it. */
export function* recordPolls(session: Session, source: string, polls: readonly SourcePoll[]): Step<void> {
  const locked = session.one<LockedSource>(session.sql.sources.lock, source)
  const newest = yield* session.one<Pick<PollRecord, 'outcome'> & { readonly seq: number }>(NEWEST_POLL, source)
  const found = yield* locked
  if (found === undefined) return
  const [first, ...rest] = mergedSkips(polls)
  if (first === undefined) return
  const isExtended = first.outcome === 'skipped' && newest?.outcome === 'skipped'
  if (isExtended) {
    session.run(EXTEND_POLL_SKIPS, newest.seq, first.lastAt, first.count, first.latenessMs, first.durationMs)
  }
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
  const records = yield* session.all<PollRecord>(LIST_POLLS, source, placeOf(page), page.limit, page.offset)
  return records.map(withFault)
}

export function* listSources(session: Session): Step<readonly SourceRow[]> {
  return (yield* session.all<SourceRecord>(LIST_SOURCES)).map(sourceRow)
}

export function* getSource(session: Session, name: string): Step<SourceRow | null> {
  const record = yield* session.one<SourceRecord>(GET_SOURCE, name)
  return record === undefined ? null : sourceRow(record)
}
