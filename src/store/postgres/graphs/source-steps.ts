/** What happens to sources and their events. Each function is the body of one step, or of many alike ones, and runs in their transaction. */

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
import { type Acceptance, acceptable, partitionsOf, type SourceMarks } from '../../graphs/acceptance.ts'
import {
  type EventRecord,
  type PollRecord,
  placeOf,
  type SourceRecord,
  sourceEvent,
  sourcePollRow,
  sourceRow,
} from '../../graphs/rows.ts'
import { faultText } from '../../rows.ts'
import { instanceSeqOrThrow } from '../instance-steps.ts'
import type { Session } from '../session/session.ts'
import type { Alike } from '../session/write-queue.ts'
import {
  COUNT_ACCEPTED,
  COUNT_REFUSED,
  EVENTS_AFTER,
  EXTEND_POLL_SKIPS,
  GET_SOURCE,
  INSERT_EVENTS,
  INSERT_POLLS,
  LEASE_SOURCES,
  LIST_EVENTS,
  LIST_LEASES,
  LIST_POLLS,
  LIST_POSITIONS,
  LIST_SOURCES,
  LIST_STORED_POSITIONS,
  LOCK_SOURCES,
  NEWEST_POLL,
  RELEASE_SOURCES,
  SAVE_POSITIONS,
} from './source-queries.ts'

interface LockedSource extends SourceMarks {
  readonly seq: number
  readonly name: string
  readonly lease_id: string | null
}

interface LeaseRecord extends SourceMarks {
  readonly name: string
  readonly lease_number: number
}

/** The leases, in the order of the names, that the instance holds after taking those that nobody living has. */
export async function leaseSources(
  session: Session,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): Promise<readonly SourceLease[]> {
  const own = await instanceSeqOrThrow(session, instanceId)
  await session.run(LEASE_SOURCES, names, own, deadSeqs)
  const records = await session.all<LeaseRecord>(LIST_LEASES, names, own)
  return records.map(({ name, lease_number, done_sequence, last_sequence }) => {
    return { source: name, number: lease_number, doneSequence: done_sequence, lastSequence: last_sequence }
  })
}

export async function releaseSources(session: Session, instanceId: string, names: readonly string[]): Promise<void> {
  await session.run(RELEASE_SOURCES, names, await instanceSeqOrThrow(session, instanceId))
  session.tell()
}

interface Accepted extends Acceptance {
  readonly source: LockedSource
  readonly added: NewEvents
  readonly firstSequence: number
}

let calls = 0

/** Events of several sources are stored together. `isOwn`: whether an instance was opened in this store. */
export function acceptance(isOwn: (instanceId: string) => boolean): Alike<NewEvents, AcceptedEvents> {
  return {
    need: 'accept',
    isPatient: false,
    isAlone: true,
    // Any two may be together: they are taken one after the other.
    key: () => String(calls++),
    run: async (session, added) => {
      const decided = await decide(session, added)
      await writeAccepted(
        session,
        decided.flatMap((each) => (each === null || each.texts.length === 0 ? [] : each)),
      )
      const isForOthers = (each: Accepted | null) =>
        each !== null && each.texts.length > 0 && !isOwn(each.source.lease_id ?? '')
      if (decided.some(isForOthers)) session.tell()
      return decided.map(answer)
    },
  }
}

/** Null for an unknown source. */
async function decide(session: Session, added: readonly NewEvents[]): Promise<readonly (Accepted | null)[]> {
  const placed = added.flatMap((each) => partitionsOf(each).map((partition) => ({ source: each.source, partition })))
  // Travels with the question before it, and is answered when the sources are locked.
  const [sources, positions] = await Promise.all([
    session.all<LockedSource>(
      LOCK_SOURCES,
      added.map(({ source }) => source),
    ),
    placed.length === 0 ? [] : storedPositions(session, placed),
  ])
  const progress = new Map(sources.map((source) => [source.name, new SourceProgress(source, positions)]))
  return added.map((each) => progress.get(each.source)?.take(each) ?? null)
}

/** How far a source is, while events are added to it. */
class SourceProgress {
  readonly #source: LockedSource
  readonly #offsets: Map<string, number>
  #lastSequence: number

  constructor(source: LockedSource, positions: readonly PositionRecord[]) {
    const own = positions.filter(({ source_seq }) => source_seq === source.seq)
    this.#source = source
    this.#offsets = new Map(own.map(({ partition, read_to }) => [partition, read_to]))
    this.#lastSequence = source.last_sequence
  }

  take(added: NewEvents): Accepted {
    const marks = { last_sequence: this.#lastSequence, done_sequence: this.#source.done_sequence }
    const accepted = acceptable(added, marks, this.#offsets)
    const firstSequence = this.#lastSequence + 1
    this.#lastSequence += accepted.texts.length
    for (const { partition, offset } of accepted.positions) this.#offsets.set(partition, offset)
    return { ...accepted, source: this.#source, added, firstSequence }
  }
}

interface PositionRecord {
  readonly source_seq: number
  readonly partition: string
  readonly read_to: number
}

function storedPositions(
  session: Session,
  placed: readonly { readonly source: string; readonly partition: string }[],
): Promise<readonly PositionRecord[]> {
  const names = placed.map(({ source }) => source)
  return session.all<PositionRecord>(
    LIST_STORED_POSITIONS,
    names,
    placed.map(({ partition }) => partition),
  )
}

async function writeAccepted(session: Session, accepted: readonly Accepted[]): Promise<void> {
  if (accepted.length === 0) return
  const events = accepted.flatMap(({ source, added: { at }, texts, firstSequence }) =>
    texts.map((text, index) => ({ seq: source.seq, sequence: firstSequence + index, at, text })),
  )
  // Of several that were added to one source, the last.
  const last = [...new Map(accepted.map((each) => [each.source.seq, each])).values()]
  const inserted = session.run(
    INSERT_EVENTS,
    events.map(({ seq }) => seq),
    events.map(({ sequence }) => sequence),
    events.map(({ at }) => at),
    events.map(({ text }) => text),
  )
  const counted = session.run(
    COUNT_ACCEPTED,
    last.map(({ source }) => source.seq),
    last.map(({ firstSequence, texts }) => firstSequence + texts.length - 1),
    last.map(({ added }) => added.at),
  )
  const polls = accepted.flatMap(({ source, added: { poll }, firstSequence }) =>
    poll === undefined ? [] : { seq: source.seq, poll: { ...poll, count: 1, sequence: firstSequence, error: null } },
  )
  await Promise.all([inserted, counted, savePositions(session, accepted), insertPolls(session, polls)])
}

async function savePositions(session: Session, accepted: readonly Accepted[]): Promise<void> {
  const all = accepted.flatMap(({ source, positions }) => positions.map((each) => ({ ...each, seq: source.seq })))
  if (all.length === 0) return
  const moved = [...new Map(all.map((each) => [`${each.seq} ${each.partition}`, each])).values()]
  await session.run(
    SAVE_POSITIONS,
    moved.map(({ seq }) => seq),
    moved.map(({ partition }) => partition),
    moved.map(({ offset }) => offset),
  )
}

function answer(accepted: Accepted | null): AcceptedEvents {
  if (accepted === null) return { kind: 'unknown' }
  const { source, texts, repeated, firstSequence } = accepted
  const waiting = firstSequence - 1 + texts.length - source.done_sequence
  return { kind: 'accepted', accepted: texts.length, repeated, firstSequence, waiting }
}

export async function refuse(session: Session, source: string, events: number): Promise<void> {
  await session.run(COUNT_REFUSED, source, events)
}

export async function positions(session: Session, source: string): Promise<readonly StreamPosition[]> {
  const records = await session.all<Omit<PositionRecord, 'source_seq'>>(LIST_POSITIONS, source)
  return records.map(({ partition, read_to: offset }) => ({ partition, offset }))
}

export async function eventsAfter(
  session: Session,
  source: string,
  sequence: number,
  { events, maxChars }: { readonly events: number; readonly maxChars: number },
): Promise<readonly SourceEvent[]> {
  const records = await session.all<EventRecord>(EVENTS_AFTER, source, sequence, events, maxChars)
  return records.map((record) => sourceEvent(source, record))
}

export async function listEvents(session: Session, source: string, page: PageAfter): Promise<readonly SourceEvent[]> {
  const records = await session.all<EventRecord>(LIST_EVENTS, source, placeOf(page), page.limit, page.offset)
  return records.map((record) => sourceEvent(source, record))
}

interface NewestPoll {
  readonly source_seq: number
  readonly seq: number | null
  readonly outcome: SourcePoll['outcome'] | null
}

/** Skips that follow a skip are added to its row. */
export async function recordPolls(session: Session, source: string, polls: readonly SourcePoll[]): Promise<void> {
  const newest = await session.one<NewestPoll>(NEWEST_POLL, source)
  if (newest === undefined) return
  const [first, ...rest] = skipsInRows(polls)
  if (first === undefined) return
  const seq = newest.source_seq
  const isExtended = first.outcome === 'skipped' && newest.outcome === 'skipped' && newest.seq !== null
  if (isExtended) {
    await session.run(EXTEND_POLL_SKIPS, newest.seq, first.lastAt, first.count, first.latenessMs, first.durationMs)
  }
  await insertPolls(
    session,
    (isExtended ? rest : [first, ...rest]).map((poll) => ({ seq, poll })),
  )
}

function skipsInRows(polls: readonly SourcePoll[]): readonly SourcePoll[] {
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

async function insertPolls(
  session: Session,
  polls: readonly { readonly seq: number; readonly poll: SourcePoll }[],
): Promise<void> {
  if (polls.length === 0) return
  await session.run(
    INSERT_POLLS,
    polls.map(({ seq }) => seq),
    polls.map(({ poll }) => poll.outcome),
    polls.map(({ poll }) => poll.firstAt),
    polls.map(({ poll }) => poll.lastAt),
    polls.map(({ poll }) => poll.count),
    polls.map(({ poll }) => poll.latenessMs),
    polls.map(({ poll }) => poll.durationMs),
    polls.map(({ poll }) => poll.sequence),
    polls.map(({ poll }) => faultText(poll.error)),
  )
}

export async function listPolls(session: Session, source: string, page: PageAfter): Promise<readonly SourcePollRow[]> {
  const records = await session.all<PollRecord>(LIST_POLLS, source, placeOf(page), page.limit, page.offset)
  return records.map(sourcePollRow)
}

export async function listSources(session: Session): Promise<readonly SourceRow[]> {
  return (await session.all<SourceRecord>(LIST_SOURCES)).map(sourceRow)
}

export async function getSource(session: Session, name: string): Promise<SourceRow | null> {
  const record = await session.one<SourceRecord>(GET_SOURCE, name)
  return record === undefined ? null : sourceRow(record)
}
