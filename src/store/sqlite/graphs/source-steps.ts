/** What happens to sources and their events. Each function is the body of one step and runs in its transaction. */

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
import { acceptable, partitionsOf, TextLimit } from '../../graphs/acceptance.ts'
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
import type { Connection } from '../file/connection.ts'
import { instanceSeqOrThrow } from '../instance-steps.ts'
import {
  COUNT_ACCEPTED,
  COUNT_REFUSED,
  EVENTS_AFTER,
  EXTEND_POLL_SKIPS,
  FIND_SOURCE,
  GET_POSITION,
  GET_SOURCE,
  INSERT_EVENT,
  INSERT_POLL,
  LEASE_SOURCE,
  LIST_EVENTS,
  LIST_POLLS,
  LIST_POSITIONS,
  LIST_SOURCES,
  NEWEST_POLL,
  RELEASE_SOURCE,
  SAVE_POSITION,
} from './source-queries.ts'

export interface FoundSource {
  readonly seq: number
  readonly last_sequence: number
  readonly done_sequence: number
  readonly lease_seq: number | null
  readonly lease_number: number
}

export function findSource(connection: Connection, name: string): FoundSource | undefined {
  return connection.one<FoundSource>(FIND_SOURCE, name)
}

/** The leases, in the order of the names, that the instance holds after taking those that nobody living has. */
export function leaseSources(
  connection: Connection,
  instanceId: string,
  names: readonly string[],
  deadSeqs: readonly number[],
): readonly SourceLease[] {
  const own = instanceSeqOrThrow(connection, instanceId)
  return names.flatMap((name) => {
    const found = findSource(connection, name)
    if (found === undefined) return []
    const isFree = found.lease_seq === null || deadSeqs.includes(found.lease_seq)
    if (found.lease_seq !== own && !isFree) return []
    if (isFree) connection.run(LEASE_SOURCE, own, found.seq)
    const { done_sequence: doneSequence, last_sequence: lastSequence } = found
    return { source: name, number: found.lease_number + Number(isFree), doneSequence, lastSequence }
  })
}

export function releaseSources(connection: Connection, instanceId: string, names: readonly string[]): void {
  const own = instanceSeqOrThrow(connection, instanceId)
  for (const name of names) connection.run(RELEASE_SOURCE, name, own)
}

export function accept(connection: Connection, added: NewEvents): AcceptedEvents {
  const found = findSource(connection, added.source)
  if (found === undefined) return { kind: 'unknown' }
  const { seq } = found
  const stored = new Map<string, number>()
  for (const partition of partitionsOf(added)) {
    const position = connection.one<{ readonly read_to: number }>(GET_POSITION, seq, partition)
    if (position !== undefined) stored.set(partition, position.read_to)
  }
  const { texts, repeated, positions } = acceptable(added, found, stored)
  const firstSequence = found.last_sequence + 1
  const lastSequence = found.last_sequence + texts.length
  for (const [index, text] of texts.entries()) connection.run(INSERT_EVENT, seq, firstSequence + index, added.at, text)
  for (const { partition, offset } of positions) connection.run(SAVE_POSITION, seq, partition, offset)
  if (texts.length > 0) connection.run(COUNT_ACCEPTED, lastSequence, added.at, seq)
  if (added.poll !== undefined && texts.length > 0) {
    insertPoll(connection, seq, { ...added.poll, count: 1, sequence: firstSequence, error: null })
  }
  const waiting = lastSequence - found.done_sequence
  return { kind: 'accepted', accepted: texts.length, repeated, firstSequence, waiting }
}

export function refuse(connection: Connection, source: string, events: number): void {
  connection.run(COUNT_REFUSED, events, source)
}

export function positions(connection: Connection, source: string): readonly StreamPosition[] {
  const records = connection.all<{ readonly partition: string; readonly read_to: number }>(LIST_POSITIONS, source)
  return records.map(({ partition, read_to: offset }) => ({ partition, offset }))
}

export function eventsAfter(
  connection: Connection,
  source: string,
  sequence: number,
  { events: most, maxChars }: { readonly events: number; readonly maxChars: number },
): readonly SourceEvent[] {
  const found = findSource(connection, source)
  if (found === undefined) return []
  const events: SourceEvent[] = []
  const limit = new TextLimit(maxChars)
  // Not all of them, to be looked at then: a few may be as large as all the others.
  for (const record of connection.each<EventRecord>(EVENTS_AFTER, found.seq, sequence, most)) {
    if (!limit.takes(record.event)) break
    events.push(sourceEvent(source, record))
  }
  return events
}

export function listEvents(connection: Connection, source: string, page: PageAfter): readonly SourceEvent[] {
  const found = findSource(connection, source)
  if (found === undefined) return []
  const records = connection.all<EventRecord>(LIST_EVENTS, found.seq, placeOf(page), page.limit, page.offset)
  return records.map((record) => sourceEvent(source, record))
}

/** Skips that follow a skip are added to its row. */
export function recordPolls(connection: Connection, source: string, polls: readonly SourcePoll[]): void {
  const found = findSource(connection, source)
  if (found === undefined) return
  for (const poll of polls) {
    const newest = connection.one<Pick<PollRecord, 'seq' | 'outcome'>>(NEWEST_POLL, found.seq)
    const { outcome, lastAt, count, latenessMs, durationMs } = poll
    if (outcome !== 'skipped' || newest?.outcome !== 'skipped') insertPoll(connection, found.seq, poll)
    else connection.run(EXTEND_POLL_SKIPS, lastAt, count, latenessMs ?? -1, durationMs, newest.seq)
  }
}

function insertPoll(connection: Connection, seq: number, poll: SourcePoll): void {
  const { outcome, firstAt, lastAt, count, latenessMs, durationMs, sequence, error } = poll
  const values = [outcome, firstAt, lastAt, count, latenessMs, durationMs, sequence, faultText(error)]
  connection.run(INSERT_POLL, seq, ...values)
}

export function listPolls(connection: Connection, source: string, page: PageAfter): readonly SourcePollRow[] {
  const found = findSource(connection, source)
  if (found === undefined) return []
  return connection.all<PollRecord>(LIST_POLLS, found.seq, placeOf(page), page.limit, page.offset).map(sourcePollRow)
}

export function listSources(connection: Connection): readonly SourceRow[] {
  return connection.all<SourceRecord>(LIST_SOURCES).map(sourceRow)
}

export function getSource(connection: Connection, name: string): SourceRow | null {
  const record = connection.one<SourceRecord>(GET_SOURCE, name)
  return record === undefined ? null : sourceRow(record)
}
