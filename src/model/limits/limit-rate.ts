/** Rate of a limit as people write it: `100/1m` is at most 100 attempts that begin within a minute. */

import { durationMs } from '../time/duration.ts'
import type { LimitRate } from './limits.ts'

const MAX_RATE_COUNT = 100_000
const MIN_WINDOW_MS = 1_000
const MAX_WINDOW_MS = 7 * 86_400_000

/** Expected form of a rate, for messages. */
export const RATE_FORM = 'a rate such as "100/1m", with a count from 1 to 100000 and a duration from "1s" to "7d"'

const SHOWN_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** Returns the rate, or null if the text is not one. */
export function parseRate(text: string): LimitRate | null {
  const [, digits = '', duration = ''] = /^\s*(\d{1,6})\s*\/(.+)$/s.exec(text) ?? []
  const count = Number(digits)
  const windowMs = durationMs(duration)
  if (typeof windowMs !== 'number' || windowMs < MIN_WINDOW_MS || windowMs > MAX_WINDOW_MS) return null
  return count >= 1 && count <= MAX_RATE_COUNT ? { count, windowMs } : null
}

/** Returns the rate in the form that `parseRate` reads. */
export function rateText({ count, windowMs }: LimitRate): string {
  for (const [unit, sizeMs] of SHOWN_UNITS)
    if (windowMs >= sizeMs && windowMs % sizeMs === 0) return `${count}/${windowMs / sizeMs}${unit}`
  return `${count}/${windowMs}ms`
}
