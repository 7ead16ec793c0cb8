/**
 * Decides which parts the tables divided by time have. `upkeep.ts` creates and drops them.
 *
 *   created ahead ──first day──▶ open ──after the last day──▶ closed ──all rows expired, or none is left──▶ dropped
 *
 * Expired rows of a small closed part, and of one that a few rows keep from being dropped, are deleted one by one.
 */

import { DAY_MS } from './table-families.ts'

/** Part of a family. Days are counted from 1970. */
export interface Part {
  readonly fromDay: number
  readonly untilDay: number
  readonly suffix: string
  /** Size of its first table, without indexes. */
  readonly bytes: number
}

/** About 70,000 executions. Rows of larger parts are not deleted one by one until the last of them has expired. */
const LARGE_BYTES = 16 * 1024 * 1024
/** About 300,000 executions. */
const MUCH_A_DAY_BYTES = 64 * 1024 * 1024
/** Days from the creation of a part to its first day, in which the server may be busy or away. */
const AHEAD_DAYS = 2
const WIDTH_DAYS = 7
const WIDTH_OF_MUCH_DAYS = 1
/** Parts of rows that are kept forever are never dropped, so a year has few of them. */
const WIDTH_OF_KEPT_DAYS = 28

/** Returns the part to create now, or null. `keptMs` is undefined if the retention is not known yet. */
export function missingPart(
  parts: readonly Part[],
  nowAt: number,
  keptMs: number | null | undefined,
): { readonly fromDay: number; readonly untilDay: number } | null {
  const today = Math.floor(nowAt / DAY_MS)
  let fromDay = today
  for (const part of parts.toSorted(byLastDay)) {
    if (part.fromDay <= fromDay && part.untilDay > fromDay) fromDay = part.untilDay
  }
  if (fromDay > today + AHEAD_DAYS) return null
  const ifLimited = growsMuch(parts, nowAt) ? WIDTH_OF_MUCH_DAYS : WIDTH_DAYS
  const width = keptMs === null ? WIDTH_OF_KEPT_DAYS : ifLimited
  // An engine whose clock was ahead may have created a part after the gap.
  const following = parts.flatMap((part) => (part.fromDay > fromDay ? part.fromDay : []))
  return { fromDay, untilDay: Math.min(fromDay + width, ...following) }
}

export function expiredParts(parts: readonly Part[], beforeAt: number): readonly Part[] {
  return parts.filter(({ untilDay }) => untilDay * DAY_MS <= beforeAt).sort(byLastDay)
}

function byLastDay(one: Part, other: Part): number {
  return one.untilDay - other.untilDay
}

export function isLargePart({ bytes }: Part): boolean {
  return bytes >= LARGE_BYTES
}

/** Returns whether expired rows stay until all of the part has expired, but at most as long as the part is wide. */
export function keepsExpiredRows(part: Part, beforeAt: number, nowAt: number): boolean {
  const { fromDay, untilDay } = part
  if (!isLargePart(part) || untilDay * DAY_MS > nowAt) return false
  return beforeAt < (untilDay + (untilDay - fromDay)) * DAY_MS
}

export function mayHaveOlderRows({ fromDay }: Part, beforeAt: number): boolean {
  return fromDay * DAY_MS < beforeAt
}

function growsMuch(parts: readonly Part[], nowAt: number): boolean {
  const now = nowAt / DAY_MS
  const open = parts.find(({ fromDay, untilDay }) => fromDay <= now && now < untilDay)
  return open !== undefined && open.bytes / Math.max(1, now - open.fromDay) >= MUCH_A_DAY_BYTES
}

export function partSuffix(fromDay: number): string {
  return new Date(fromDay * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
}
