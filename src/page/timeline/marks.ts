/**
 * Positions of ticks on a timeline, in pixels. Pure, and independent of the position of the timeline, so that nothing
 * jumps while it moves. A wide run of skips is a band under the marks. Marks that are nearer than `APART_PX` are one
 * bar with a number, in the colour of the worst. A long bar is divided at fixed places, to show when an error occurred.
 */

import type { Tick, TickOutcome } from '../api/answer-types.ts'
import { worseOutcome } from './badness.ts'

export const MARK_PX = 8
export const APART_PX = 20
/** Length of the parts of a long bar. */
const PART_PX = 60
const LONG_PX = 2 * PART_PX
const BETWEEN_PARTS_PX = 2

export interface Mark {
  /** Distance from `originAt`. */
  readonly leftPx: number
  readonly widthPx: number
  readonly fromAt: number
  readonly untilAt: number
  /** Number of ticks, including those of runs. */
  readonly count: number
  readonly counts: Readonly<Partial<Record<TickOutcome, number>>>
  readonly worst: TickOutcome
  /** Newest tick of the worst outcome. */
  readonly tick: Tick
}

export interface Scale {
  readonly originAt: number
  readonly pxPerMs: number
}

export interface Marks {
  readonly bands: readonly Mark[]
  readonly marks: readonly Mark[]
}

interface Placed {
  readonly tick: Tick
  readonly fromAt: number
  readonly untilAt: number
}

export function tickMarks(ticks: readonly Tick[], scale: Scale): Marks {
  const placed = ticks.map((tick) => ({ tick, fromAt: Date.parse(tick.firstAt), untilAt: Date.parse(tick.lastAt) }))
  const isBand = ({ tick, fromAt, untilAt }: Placed): boolean =>
    tick.outcome === 'skipped' && (untilAt - fromAt) * scale.pxPerMs >= APART_PX
  const bands = placed.filter(isBand).map((each) => asOne([each], scale, false))
  const chains = chained(
    placed.filter((each) => !isBand(each)),
    scale,
  )
  return { bands, marks: chains.flatMap((chain) => partsOf(chain, scale)) }
}

function chained(placed: readonly Placed[], { pxPerMs }: Scale): readonly (readonly Placed[])[] {
  const chains: Placed[][] = []
  let endAt = Number.NEGATIVE_INFINITY
  const apartMs = APART_PX / pxPerMs
  for (const each of placed) {
    const chain = chains.at(-1)
    if (chain !== undefined && each.fromAt - endAt < apartMs) chain.push(each)
    else chains.push([each])
    endAt = chain === undefined ? each.untilAt : Math.max(endAt, each.untilAt)
  }
  return chains
}

function partsOf(chain: readonly Placed[], scale: Scale): readonly Mark[] {
  const [first] = chain
  const last = chain.at(-1)
  if (first === undefined || last === undefined) return []
  if ((last.untilAt - first.fromAt) * scale.pxPerMs < LONG_PX) return [asOne(chain, scale, true)]
  // Parts are cut at fixed times, so that the cuts do not move with the timeline.
  const partMs = PART_PX / scale.pxPerMs
  const parts = Map.groupBy(chain, ({ fromAt }) => Math.floor(fromAt / partMs))
  return [...parts].map(([part, placed]) => {
    const mark = asOne(placed, scale, false)
    const left = Math.max(pixels(part * partMs, scale), pixels(first.fromAt, scale) - MARK_PX / 2)
    const right = Math.min(pixels((part + 1) * partMs, scale), pixels(last.untilAt, scale) + MARK_PX / 2)
    return { ...mark, leftPx: left, widthPx: Math.max(MARK_PX, right - left - BETWEEN_PARTS_PX) }
  })
}

/** `isMark`: as wide as a mark, around the times; else from the first to the last. */
function asOne(placed: readonly Placed[], scale: Scale, isMark: boolean): Mark {
  const counts: Partial<Record<TickOutcome, number>> = {}
  let fromAt = Number.POSITIVE_INFINITY
  let untilAt = Number.NEGATIVE_INFINITY
  let worst: Tick | null = null
  for (const each of placed) {
    fromAt = Math.min(fromAt, each.fromAt)
    untilAt = Math.max(untilAt, each.untilAt)
    counts[each.tick.outcome] = (counts[each.tick.outcome] ?? 0) + each.tick.count
    if (worst === null || worseOutcome(each.tick.outcome, worst.outcome) === each.tick.outcome) worst = each.tick
  }
  const count = Object.values(counts).reduce((sum, each) => sum + each, 0)
  const roundPx = isMark ? MARK_PX : 0
  const widthPx = Math.max((untilAt - fromAt) * scale.pxPerMs + roundPx, count > 1 && isMark ? labelPx(count) : roundPx)
  const centrePx = pixels((fromAt + untilAt) / 2, scale)
  const tick = worst as Tick
  return { leftPx: centrePx - widthPx / 2, widthPx, fromAt, untilAt, count, counts, worst: tick.outcome, tick }
}

function pixels(at: number, { originAt, pxPerMs }: Scale): number {
  return (at - originAt) * pxPerMs
}

const DIGIT_PX = 6

function labelPx(count: number): number {
  return MARK_PX + DIGIT_PX * shownCount(count).length
}

/** Returns at most three characters: `7`, `250`, `12k`. */
export function shownCount(count: number): string {
  if (count < 1_000) return String(count)
  if (count < 1_000_000) return `${Math.floor(count / 1_000)}k`
  return `${Math.min(99, Math.floor(count / 1_000_000))}M`
}
