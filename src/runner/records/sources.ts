/** Sources, their events and polls as JSON: contracts, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import type { SourcePollRow } from '../../engine/graphs/graph-store.ts'
import { shownFault } from '../../model/fault.ts'
import type { SourceEvent, SourceRow } from '../../model/graphs/rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { Runner } from '../runner.ts'
import { instant } from './instants.ts'

const HOUR_MS = 3_600_000

/** A source, and what is not in its row. */
export interface SourceInfo {
  readonly row: SourceRow
  /** So many events may wait. */
  readonly limit: number
  /** Events that were accepted within the last hour. */
  readonly eventsLastHour: number
}

export async function sourceInfo(runner: Runner, row: SourceRow): Promise<SourceInfo> {
  const eventsLastHour = await eventsSince(runner, row, runner.now() - HOUR_MS)
  return { row, limit: runner.sources.maxWaiting, eventsLastHour }
}

/** Sequences have no gaps and grow with time: a few reads of one row each tell where a time begins. */
async function eventsSince(runner: Runner, row: SourceRow, sinceAt: number): Promise<number> {
  const { name, lastSequence, lastEventAt } = row
  if (lastEventAt === null || lastEventAt < sinceAt) return 0
  let before = 0
  let since = lastSequence
  while (since - before > 1) {
    const middle = before + Math.floor((since - before) / 2)
    const [event] = await runner.sources.events(name, { limit: 1, after: String(middle + 1) })
    // What is not kept any more is older than what is.
    if (event === undefined || event.acceptedAt < sinceAt) before = middle
    else since = middle
  }
  return lastSequence - before
}

export function sourceRecord({ row, limit, eventsLastHour }: SourceInfo) {
  return {
    name: row.name,
    kind: row.accumulation?.kind ?? null,
    accumulation: row.accumulation,
    description: row.description,
    lastSequence: row.lastSequence,
    doneSequence: row.doneSequence,
    waiting: row.waiting,
    limit,
    eventsLastHour,
    dropped: row.dropped,
    refused: row.refused,
    failed: row.failed,
    lastEventAt: instant(row.lastEventAt),
    lastValueText: row.lastValueText,
    lastValueAt: instant(row.lastValueAt),
    lastError: row.lastError,
    lastErrorAt: instant(row.lastErrorAt),
    owner: row.owner,
    undeclaredAt: instant(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}

/** A row of a list. */
export function listedSource(info: SourceInfo) {
  return { ...sourceRecord(info), lastError: shownFault(info.row.lastError) }
}

export function eventRecord({ source, sequence, acceptedAt, eventText }: SourceEvent) {
  return { source, sequence, acceptedAt: formatInstant(acceptedAt), eventText }
}

export function sourcePollRecord(row: SourcePollRow) {
  const { id, outcome, firstAt, lastAt, count, latenessMs, durationMs, sequence, error } = row
  return {
    id,
    outcome,
    firstAt: formatInstant(firstAt),
    lastAt: formatInstant(lastAt),
    count,
    latenessMs,
    durationMs,
    sequence,
    error: shownFault(error),
  }
}
