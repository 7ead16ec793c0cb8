/** Decides which times of a schedule a backfill starts next. Pure. */

import type { Backfill, BatchCursor } from '../../model/schedule-rows.ts'
import { followingRunAt } from '../cron/catchup.ts'
import type { FiredTimes } from './batch-store.ts'

/** Times that are computed without a pause: each takes 0.1 to 0.2 ms. */
export const MAX_TIMES_PER_STEP = 50

export type BackfillPlan = Pick<Backfill, 'expression' | 'timezone' | 'again' | 'toAt' | 'cursor'>

export interface NextTimes {
  readonly times: readonly number[]
  /** Number of times that have a firing, or that may have had one. */
  readonly leftOut: number
  readonly cursor: BatchCursor
}

/** Returns whether no time or firing is left. */
export function isExhausted({ cursor, toAt }: Pick<BackfillPlan, 'cursor' | 'toAt'>): boolean {
  return cursor.at >= toAt
}

/**
 * Returns the next times after the cursor, at most `most`, and the new cursor. `fired`: times from the cursor on that
 * were fired, all of them if they are fewer than `MAX_TIMES_PER_STEP`.
 */
export function nextBackfillTimes(plan: BackfillPlan, fired: FiredTimes, most: number): NextTimes {
  const { again, toAt } = plan
  const known = new Set(fired.times)
  const isPart = fired.times.length >= MAX_TIMES_PER_STEP
  const knownUntil = isPart ? (fired.times.at(-1) ?? 0) : Number.POSITIVE_INFINITY
  const knownFrom = fired.knownFromAt ?? Number.NEGATIVE_INFINITY
  const times: number[] = []
  let leftOut = 0
  let { at } = plan.cursor
  for (let computed = 0; computed < MAX_TIMES_PER_STEP; computed++) {
    const next = followingRunAt(plan, at)
    if (next === null || next >= toAt) return { times, leftOut, cursor: { at: toAt, seq: 0 } }
    // All times until then are handled, even if the expression has none of them any more.
    if (!again && next > knownUntil) return { times, leftOut, cursor: { at: knownUntil, seq: 0 } }
    if (!again && (known.has(next) || next < knownFrom)) leftOut += 1
    else if (times.length < most) times.push(next)
    else break
    at = next
  }
  return { times, leftOut, cursor: { at, seq: 0 } }
}
