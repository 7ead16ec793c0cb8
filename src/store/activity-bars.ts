/** How many polls came in a bar, made of what a database finds of it: pure, the same for every store. */

import type { ActivityBar } from '../model/history.ts'
import type { TickOutcome } from '../model/schedule.ts'

/** Of one outcome in one bar. */
export const BAR_AT_MOST = 500

export const HAPPENINGS: readonly TickOutcome[] = ['fired', 'duplicate', 'limited', 'failed', 'timedOut']

/** A run of equal skips. */
export interface Run {
  readonly first_at: number
  readonly last_at: number
  readonly count: number
}

export interface Counted {
  readonly count: number
  readonly last_at: number | null
}

/** What was found of a bar. */
export interface BarParts {
  readonly at: number
  readonly endAt: number
  readonly happenings: readonly (Counted & { readonly outcome: TickOutcome })[]
  /** Runs that began and ended in it: how many, and the skips of them. */
  readonly inside: Counted & { readonly runs: number }
  /** The first run that ended where the bar begins, or later; and where it ends. */
  readonly across: readonly [Run | undefined, Run | undefined]
  /** The run that has not ended. */
  readonly open: Run | null
}

/** A run that reaches over an edge is in both bars, by its parts. */
export function barOf({ at, endAt, happenings, inside, across, open }: BarParts): ActivityBar {
  const counts: Partial<Record<TickOutcome, number>> = {}
  for (const found of happenings) {
    if (found.count > 0) counts[found.outcome] = found.count >= BAR_AT_MOST ? scaled(found, at, endAt) : found.count
  }
  const [first, second] = [reaching(across[0], at), reaching(across[1], endAt)]
  const isSame = first !== null && first.first_at === second?.first_at
  const runs = [first, isSame ? null : second, open].filter((run) => run !== null)
  const isFull = inside.runs >= BAR_AT_MOST
  const shares = runs.reduce((sum, run) => sum + share(run, at, endAt), 0)
  const skipped = (isFull ? scaled(inside, at, endAt) : inside.count) + Math.round(shares)
  if (skipped > 0) counts.skipped = skipped
  return { at, counts, isEstimate: isFull || happenings.some(({ count }) => count >= BAR_AT_MOST) }
}

/** A run that began before an edge. */
function reaching(run: Run | undefined, edgeAt: number): Run | null {
  return run !== undefined && run.first_at < edgeAt ? run : null
}

/** How many of a run came between two instants, where they came evenly. */
function share({ first_at, last_at, count }: Run, at: number, endAt: number): number {
  if (last_at < at || first_at >= endAt) return 0
  if (last_at === first_at) return count
  return (count * (Math.min(last_at, endAt) - Math.max(first_at, at))) / (last_at - first_at)
}

/** What came until an instant stands for the whole of a bar. */
function scaled({ count, last_at }: Counted, at: number, endAt: number): number {
  return Math.round((count * (endAt - at)) / ((last_at ?? endAt) - at + 1))
}
