/**
 * The parts that a table divided by time has, and what is to be done with them: pure decisions. `upkeep.ts` carries them out.
 *
 *   made ahead ──its day comes──▶ open ──its last day is over──▶ closed ──all of it has expired, or nothing is left──▶ dropped
 *                                                                  └─ small, or held by a few rows: what has expired is deleted one by one
 */

import { DAY_MS } from './families.ts'

/** A part of a family. Days are counted from 1970. */
export interface Part {
  /** What the names of its tables end with. */
  readonly suffix: string
  readonly fromDay: number
  readonly untilDay: number
  /** Of its first table, without indexes. */
  readonly bytes: number
}

/** About 70,000 executions. Beyond it, rows are not deleted one by one but wait until the last of them has expired. */
const LARGE_BYTES = 16 * 1024 * 1024
/** About 300,000 executions. */
const MUCH_A_DAY_BYTES = 64 * 1024 * 1024
/** So long before it is needed, so that a server which is busy or away for a while is no trouble. */
const AHEAD_DAYS = 2
/** In days. Parts of what is kept for good are never dropped: a year of them is not to be many. */
const WIDTH = 7
const WIDTH_OF_MUCH = 1
const WIDTH_OF_KEPT = 28

/** The part that is to be made now, or null. `keptMs` undefined: nobody has said yet how long it is kept. */
export function missingPart(
  parts: readonly Part[],
  nowAt: number,
  keptMs: number | null | undefined,
): { readonly fromDay: number; readonly untilDay: number } | null {
  const today = dayOf(nowAt)
  let fromDay = today
  for (const part of [...parts].sort((one, other) => one.untilDay - other.untilDay)) {
    if (part.fromDay <= fromDay && part.untilDay > fromDay) fromDay = part.untilDay
  }
  if (fromDay > today + AHEAD_DAYS) return null
  const wanted = keptMs === null ? WIDTH_OF_KEPT : growsMuch(parts, nowAt) ? WIDTH_OF_MUCH : WIDTH
  // A clock that was ahead may have left one behind the gap.
  const following = parts.flatMap((part) => (part.fromDay > fromDay ? part.fromDay : []))
  return { fromDay, untilDay: Math.min(fromDay + wanted, ...following) }
}

/** Those of which nothing is kept, if nothing holds them; the oldest first. */
export function overParts(parts: readonly Part[], beforeAt: number): readonly Part[] {
  return parts
    .filter(({ untilDay }) => untilDay * DAY_MS <= beforeAt)
    .sort((one, other) => one.untilDay - other.untilDay)
}

/** Whether it is worth dropping with all that is in it. */
export function isLarge({ bytes }: Part): boolean {
  return bytes >= LARGE_BYTES
}

/** Whether what has expired of it is left until all of it has. A few that are held do not hold the others for longer than it is wide. */
export function isLeftWhole(part: Part, beforeAt: number, nowAt: number): boolean {
  const { fromDay, untilDay } = part
  if (!isLarge(part) || untilDay * DAY_MS > nowAt) return false
  return beforeAt < (untilDay + (untilDay - fromDay)) * DAY_MS
}

/** Nothing in it can be older than it is. */
export function mayHaveOlder({ fromDay }: Part, beforeAt: number): boolean {
  return fromDay * DAY_MS < beforeAt
}

export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/** By the one that is open. */
function growsMuch(parts: readonly Part[], nowAt: number): boolean {
  const today = dayOf(nowAt)
  const open = parts.find(({ fromDay, untilDay }) => fromDay <= today && today < untilDay)
  if (open === undefined) return false
  const days = Math.max(1, nowAt / DAY_MS - open.fromDay)
  return open.bytes / days >= MUCH_A_DAY_BYTES
}

const BOUNDS = /FROM \('?(-?\d+)'?\) TO \('?(-?\d+)'?\)/

/** From the server's words for the bounds of one of its tables; null: it has none. */
export function partFrom(suffix: string, bounds: string, bytes: number, day: number): Part | null {
  const found = BOUNDS.exec(bounds)
  if (found === null) return null
  const [, from, until] = found
  return { suffix, fromDay: Number(from) / day, untilDay: Number(until) / day, bytes }
}

/** What the names of the tables of a part end with: its first day. */
export function suffixOf(fromDay: number): string {
  return new Date(fromDay * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
}
