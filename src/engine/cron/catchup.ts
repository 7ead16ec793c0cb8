/**
 * What becomes of a due instant of a cron schedule, and of those that were missed behind it: while nobody served, the
 * machine slept, or the clock was set forward. Pure.
 *
 *   skip   it fires, for all that were missed
 *   all    it fires, and so do the others, one after the other; beyond the ceiling the oldest are dropped
 *   none   it fires where it comes in time, else nothing does
 */

import { UsageError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule.ts'
import { nextRunAt } from './expressions.ts'

/** Later than this an instant is missed: longer than what an engine that serves is ever held up. */
const IN_TIME_MS = 60_000

type Timing = Pick<CronRow, 'expression' | 'timezone' | 'catchup'>

/** `nextRunAt` is null when it never fires again. */
export type DueDecision =
  | { readonly kind: 'fire'; readonly nextRunAt: number | null }
  /** Nothing is started for what is due before `nextRunAt`. */
  | { readonly kind: 'drop'; readonly nextRunAt: number | null }

/** `mostMissed`: so many of the missed instants fire, where each does. */
export function decideDue(row: Timing, dueAt: number, now: number, mostMissed: number): DueDecision {
  if (row.catchup === 'none' && now - dueAt > IN_TIME_MS) {
    return { kind: 'drop', nextRunAt: followingRunAt(row, now) }
  }
  if (row.catchup !== 'all') return { kind: 'fire', nextRunAt: followingRunAt(row, Math.max(now, dueAt)) }
  const following = followingRunAt(row, dueAt)
  // Without a ceiling nothing is counted: counting takes as long as there are missed instants, for each of them.
  if (following === null || following > now || mostMissed === Number.POSITIVE_INFINITY)
    return { kind: 'fire', nextRunAt: following }
  const first = firstOfLatest(row, dueAt, now, mostMissed)
  return first === dueAt ? { kind: 'fire', nextRunAt: following } : { kind: 'drop', nextRunAt: first }
}

/** Null when it never fires again, so that the store keeps it without an instant. */
export function followingRunAt(row: Omit<Timing, 'catchup'>, after: number): number | null {
  try {
    return nextRunAt(row.expression, row.timezone, after)
  } catch (thrown) {
    if (thrown instanceof UsageError) return null
    throw thrown
  }
}

/**
 * The first of the latest `most` instants of those from `dueAt`, which is one, to `now`. Cron expressions are only read
 * forwards, and a schedule of every second may have missed a million: the span that has few enough is found by halving.
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

/** Whether more than `most` instants lie after `after` and not after `now`. */
function hasMore(row: Timing, after: number, now: number, most: number): boolean {
  let at: number | null = after
  for (let count = 0; count <= most; count++) {
    at = followingRunAt(row, at)
    if (at === null || at > now) return false
  }
  return true
}
