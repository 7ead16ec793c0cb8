/**
 * Decides about a due time of a cron schedule and the missed times after it: nobody served, the machine slept, or the
 * clock was set forward.
 *
 *   skip   fires once for all missed times
 *   all    fires for each time, one after the other; above the maximum the oldest are dropped
 *   none   fires only if it is in time
 */

import { UsageError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import { nextRunAt } from './expressions.ts'

/** A later time is missed. Longer than the longest delay in a serving engine. */
const IN_TIME_MS = 60_000

type Timing = Pick<CronRow, 'expression' | 'timezone' | 'catchup'>

/** `nextRunAt`: null if the schedule never fires again. */
export type DueDecision =
  /** `followingRunAt`: the time after the due one, which may be missed, too. */
  | { readonly kind: 'fire'; readonly nextRunAt: number | null; readonly followingRunAt: number | null }
  /** Starts no run for the times before `nextRunAt`. */
  | { readonly kind: 'drop'; readonly nextRunAt: number | null }

/** `mostMissed`: maximum number of missed times that fire with `all`. */
export function decideDue(row: Timing, dueAt: number, now: number, mostMissed: number): DueDecision {
  if (row.catchup === 'none' && now - dueAt > IN_TIME_MS) {
    return { kind: 'drop', nextRunAt: followingRunAt(row, now) }
  }
  const following = followingRunAt(row, dueAt)
  if (row.catchup !== 'all') {
    const isMissed = following !== null && following <= now
    return { kind: 'fire', nextRunAt: isMissed ? followingRunAt(row, now) : following, followingRunAt: following }
  }
  // No count without a maximum: counting takes as long as there are missed times, and is repeated for each of them.
  if (following === null || following > now || mostMissed === Number.POSITIVE_INFINITY)
    return { kind: 'fire', nextRunAt: following, followingRunAt: following }
  const first = firstOfLatest(row, dueAt, now, mostMissed)
  return first === dueAt
    ? { kind: 'fire', nextRunAt: following, followingRunAt: following }
    : { kind: 'drop', nextRunAt: first }
}

/** Returns null if the schedule never fires again, so that the store keeps no next time. */
export function followingRunAt(row: Omit<Timing, 'catchup'>, after: number): number | null {
  try {
    return nextRunAt(row.expression, row.timezone, after)
  } catch (thrown) {
    if (thrown instanceof UsageError) return null
    throw thrown
  }
}

/**
 * Returns the first of the latest `most` times from `dueAt` (included) to `now`. Bisects, because cron expressions are
 * only read forwards, and a schedule of every second may have missed a million times.
 */
function firstOfLatest(row: Timing, dueAt: number, now: number, most: number): number | null {
  if (!hasMore(row, dueAt - 1, now, most)) return dueAt
  let [tooEarly, late] = [dueAt - 1, now]
  while (late - tooEarly > 1) {
    const middle = Math.floor((tooEarly + late) / 2)
    if (hasMore(row, middle, now, most)) tooEarly = middle
    else late = middle
  }
  return followingRunAt(row, late)
}

/** Returns whether more than `most` times are in (`after`, `now`]. */
function hasMore(row: Timing, after: number, now: number, most: number): boolean {
  let at: number | null = after
  for (let count = 0; count <= most; count++) {
    at = followingRunAt(row, at)
    if (at === null || at > now) return false
  }
  return true
}
