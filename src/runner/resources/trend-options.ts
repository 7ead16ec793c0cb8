/** Parts of a time that are counted: how many there may be. */

import { UsageError } from '../../errors.ts'
import { numberArgument } from '../../model/arguments.ts'

const BARS_AT_MOST = 500

interface Trend {
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

/** Throws `INVALID_ARGUMENT`. */
export function checkedTrend(trend: Trend): Trend {
  const { bars } = trend
  const sinceAt = numberArgument(trend.sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER)
  const untilAt = numberArgument(trend.untilAt, 'untilAt', Number.MIN_SAFE_INTEGER)
  if (Number.isSafeInteger(bars) && bars >= 1 && bars <= BARS_AT_MOST && sinceAt < untilAt) {
    return { sinceAt, untilAt, bars }
  }
  const message = `A trend must have 1 to ${BARS_AT_MOST} bars and begin before it ends.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: sinceAt >= untilAt ? 'sinceAt' : 'bars' })
}
