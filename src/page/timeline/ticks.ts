/** Reads the ticks that a timeline shows. */

import type { Tick } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { LIVE_BEFORE_MS, type Range } from './window.ts'

const PAGE = 1_000
const PAGES_AT_MOST = 10
/** A little is kept that is just out of sight: it may be part of what is seen. */
const KEPT_MS = LIVE_BEFORE_MS + 30_000

export interface Ticks {
  /** The oldest first. */
  readonly ticks: readonly Tick[]
  /** There are older ones in the range, too many to read. */
  readonly isCut: boolean
}

/** Those of the last minutes. Each reading asks only for what came since the one before. */
export function recentTicks(name: string): (signal: AbortSignal) => Promise<Ticks> {
  let known: Ticks = { ticks: [], isCut: false }
  return async (signal) => {
    const oldestAt = engineNow() - KEPT_MS
    const newest = known.ticks.at(-1)
    const sinceAt = Math.max(oldestAt, newest === undefined ? 0 : Date.parse(newest.lastAt))
    const fresh = await ticksBetween(name, { fromAt: sinceAt, untilAt: null }, signal)
    // The open run of skips has the same id each time.
    const all = new Map([...known.ticks, ...fresh.ticks].map((tick) => [tick.id, tick]))
    const ticks = [...all.values()].filter(({ lastAt }) => Date.parse(lastAt) >= oldestAt)
    const isCut = ticks.length > PAGE * PAGES_AT_MOST || (newest === undefined ? fresh.isCut : known.isCut)
    known = { ticks: ticks.slice(-PAGE * PAGES_AT_MOST), isCut }
    return known
  }
}

/** Those of a range, the newest 10,000 at most. `untilAt` null: until now. */
export async function ticksBetween(
  name: string,
  { fromAt, untilAt }: { readonly fromAt: number; readonly untilAt: number | null },
  signal: AbortSignal,
): Promise<Ticks> {
  const found: Tick[] = []
  let cursor: string | undefined
  for (let page = 0; page < PAGES_AT_MOST; page++) {
    const until = untilAt === null ? undefined : new Date(untilAt).toISOString()
    const query = { since: new Date(fromAt).toISOString(), until, limit: PAGE, cursor }
    const { items, nextCursor } = await read('/triggers/{name}/ticks', { path: { name }, query, signal })
    found.push(...items)
    if (nextCursor === null) return { ticks: found.reverse(), isCut: false }
    cursor = nextCursor
  }
  return { ticks: found.reverse(), isCut: true }
}

export function ticksOfRange(name: string, range: Range): (signal: AbortSignal) => Promise<Ticks> {
  return (signal) => ticksBetween(name, range, signal)
}
