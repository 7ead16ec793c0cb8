/** Options of lists and trends, with their checks. */

import { UsageError } from '../../errors.ts'
import { numberArgument, textArgument } from '../../model/arguments.ts'
import { parseOptions } from '../../options/checked.ts'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import type { Page, PageAfter } from '../store-ports.ts'

/** Page of a list. */
export interface PageOptions {
  /** Maximum number of rows. Default: 100. */
  readonly limit?: number
  /** Number of rows to skip. Default: 0. */
  readonly offset?: number
}

/** Page of a list that can also start after a given row. */
export interface PageAfterOptions extends PageOptions {
  /** Id of the last row of the previous page. The page is empty if no such row exists. */
  readonly after?: string
}

const WHOLE = wholeNumberAtLeast(0)

/** Throws `INVALID_ARGUMENT`. */
export function checkedPage({ limit = 100, offset = 0 }: PageOptions): Page {
  return { limit: parseOptions(WHOLE, limit, 'limit'), offset: parseOptions(WHOLE, offset, 'offset') }
}

/** Throws `INVALID_ARGUMENT`. */
export function checkedPageAfter(options: PageAfterOptions): PageAfter {
  const { after } = options
  return { ...checkedPage(options), ...(after !== undefined && { after: textArgument(after, 'after') }) }
}

const MAX_BARS = 500

interface Trend {
  readonly sinceAt: number
  readonly untilAt: number
  readonly bars: number
}

/** Throws `INVALID_ARGUMENT`. */
export function checkedTrend({ bars, ...period }: Trend): Trend {
  const sinceAt = timeArgument(period.sinceAt, 'sinceAt')
  const untilAt = timeArgument(period.untilAt, 'untilAt')
  if (Number.isSafeInteger(bars) && bars >= 1 && bars <= MAX_BARS && sinceAt < untilAt) {
    return { sinceAt, untilAt, bars }
  }
  const message = `A trend must have 1 to ${MAX_BARS} bars and begin before it ends.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: sinceAt >= untilAt ? 'sinceAt' : 'bars' })
}

/** Returns a time in milliseconds since 1970. Throws `INVALID_ARGUMENT`. */
export function timeArgument(value: unknown, name: string): number {
  return numberArgument(value, name, Number.MIN_SAFE_INTEGER)
}
