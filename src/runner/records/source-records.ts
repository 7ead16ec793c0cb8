/** Sources, events and polls as JSON. The fields are a contract; see `docs/command-line.md`. Times are RFC 3339. */

import type { SourcePollRow } from '../../engine/graphs/graph-store.ts'
import { formatFault } from '../../model/fault.ts'
import type { SourceEvent, SourceRow } from '../../model/graphs/graph-model-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import type { Runner } from '../runner.ts'

const HOUR_MS = 3_600_000

/** Source with facts that are not in its row. */
export interface SourceInfo {
  readonly row: SourceRow
  /** Maximum number of queued events. */
  readonly limit: number
  readonly eventsLastHour: number
}

export async function sourceInfo(runner: Runner, row: SourceRow): Promise<SourceInfo> {
  const eventsLastHour = await eventsSince(runner, row, runner.now() - HOUR_MS)
  return { row, limit: runner.sources.maxWaiting, eventsLastHour }
}

/** Searches by halving: sequences have no gaps and grow with time, so a few reads of one row find the first event. */
async function eventsSince(runner: Runner, row: SourceRow, sinceAt: number): Promise<number> {
  const { name, lastSequence, lastEventAt } = row
  if (lastEventAt === null || lastEventAt < sinceAt) return 0
  let before = 0
  let since = lastSequence
  while (since - before > 1) {
    const middle = before + Math.floor((since - before) / 2)
    const [event] = await runner.sources.events(name, { limit: 1, after: String(middle + 1) })
    // Missing events were removed, so they are older than the stored ones.
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
    lastEventAt: formatInstantOrNull(row.lastEventAt),
    lastValueText: row.lastValueText,
    lastValueAt: formatInstantOrNull(row.lastValueAt),
    lastError: row.lastError,
    lastErrorAt: formatInstantOrNull(row.lastErrorAt),
    owner: row.owner,
    undeclaredAt: formatInstantOrNull(row.undeclaredAt),
    createdAt: formatInstant(row.createdAt),
  }
}

export function sourceListRecord(info: SourceInfo) {
  return { ...sourceRecord(info), lastError: formatFault(info.row.lastError) }
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
    error: formatFault(error),
  }
}
