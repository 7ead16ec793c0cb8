/** Parses the delay of `TryLater`, as `_limits/try_later.py` does: a duration, seconds, or an HTTP date. */

import { durationMs } from './duration.ts'

const MAX_DAYS = 30
const MAX_MS = MAX_DAYS * 86_400_000

const MS_IN_S = 1_000
const DIGITS = /^[0-9]{1,15}$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const HTTP_DATE = new RegExp(
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) (${MONTHS.join('|')}) (\\d{4}) (\\d\\d):(\\d\\d):(\\d\\d) GMT$`,
)

/**
 * Returns the delay in whole milliseconds, or the reason why it is not one. `now`: wall time, from which the delay of a
 * date is counted. A date in the past is 0.
 */
export function tryLaterMs(delay: unknown, now: number): number | { readonly reason: string } {
  const ms = typeof delay === 'string' ? parsedText(delay.trim(), now) : seconds(delay)
  return typeof ms === 'number' && ms > MAX_MS ? { reason: `it is longer than ${MAX_DAYS} days` } : ms
}

function seconds(delay: unknown): number | { readonly reason: string } {
  if (typeof delay !== 'number') return { reason: 'expected a duration, a number of seconds, or an HTTP date' }
  if (!Number.isFinite(delay) || delay < 0) return { reason: 'it must be 0 or a positive number of seconds' }
  return Math.ceil(delay * MS_IN_S)
}

function parsedText(text: string, now: number): number | { readonly reason: string } {
  if (DIGITS.test(text)) return Number(text) * MS_IN_S
  const date = HTTP_DATE.exec(text)
  if (date === null) return durationMs(text)
  const [, day = '', month = '', year = '', hour, minute, second] = date
  const at = new Date(0)
  at.setUTCFullYear(Number(year), MONTHS.indexOf(month), Number(day))
  const isDay = at.getUTCDate() === Number(day) && Number(year) > 0
  // 60 is a leap second.
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return { reason: 'the date does not exist' }
  at.setUTCHours(Number(hour), Number(minute), Number(second))
  return Math.max(0, Math.ceil(at.getTime() - now))
}
