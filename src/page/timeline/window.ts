/** Period of a timeline: the last five minutes and the next one, or the range of `from` and `to` in the URL. */

import { computed } from '@preact/signals'
import { engineNow } from '../api/engine-time.ts'
import { query, setQuery } from '../routing/location.ts'

const MINUTE_MS = 60_000
export const LIVE_BEFORE_MS = 5 * MINUTE_MS
export const LIVE_AFTER_MS = MINUTE_MS
export const LIVE_MS = LIVE_BEFORE_MS + LIVE_AFTER_MS

const SHORTEST_MS = 1_000

export interface Range {
  readonly fromAt: number
  readonly untilAt: number
}

/** Null for the live view. */
export const range = computed<Range | null>(() => {
  const [fromAt, untilAt] = ['from', 'to'].map((name) => Date.parse(query.value.get(name) ?? ''))
  if (fromAt === undefined || untilAt === undefined || !(untilAt - fromAt >= SHORTEST_MS)) return null
  return { fromAt, untilAt }
})

export function showLive(): void {
  setQuery({ from: null, to: null, after: null })
}

export function showRange(fromAt: number, untilAt: number): void {
  const until = Math.max(untilAt, fromAt + SHORTEST_MS)
  setQuery({ from: new Date(fromAt).toISOString(), to: new Date(until).toISOString(), after: null })
}

export function showLast(ms: number): void {
  const now = engineNow()
  showRange(now - ms, now)
}

/** Scales a range around its middle: 0.5 shows half of it, 2 twice as much. */
export function zoomRange({ fromAt, untilAt }: Range, factor: number): void {
  const middle = (fromAt + untilAt) / 2
  const half = ((untilAt - fromAt) * factor) / 2
  showRange(middle - half, middle + half)
}

/** Moves a range by parts of its length: -0.5 goes back by half. */
export function shiftRange({ fromAt, untilAt }: Range, parts: number): void {
  const by = (untilAt - fromAt) * parts
  showRange(fromAt + by, untilAt + by)
}
