/** Reads the ticks that a timeline shows. */

import type { Tick } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { LIVE_BEFORE_MS, type Range } from './window.ts'

const PAGE = 1_000
const MAX_PAGES = 10
/** Ticks just out of sight are kept, because a merged mark may contain them. */
const KEPT_MS = LIVE_BEFORE_MS + 30_000

export interface Ticks {
  readonly ticks: readonly Tick[]
  /** Whether the range has older ticks, which are too many to read. */
  readonly isCut: boolean
}

/** Reads the ticks of the last minutes. Each reading requests only those since the last one. */
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
    const isCut = ticks.length > PAGE * MAX_PAGES || (newest === undefined ? fresh.isCut : known.isCut)
    known = { ticks: ticks.slice(-PAGE * MAX_PAGES), isCut }
    return known
  }
}

/** Reads the newest 10,000 ticks of a range at most. `untilAt` null: until now. */
async function ticksBetween(
  name: string,
  { fromAt, untilAt }: { readonly fromAt: number; readonly untilAt: number | null },
  signal: AbortSignal,
): Promise<Ticks> {
  const found: Tick[] = []
  let cursor: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
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
