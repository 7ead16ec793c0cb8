/** Options of lists of ticks. */

import { textArgument } from '../../../model/arguments.ts'
import type { TickOutcome, TickRow } from '../../../model/schedule-rows.ts'
import type { Page, TickFilter } from '../../store-ports.ts'
import { checkedPage, type PageOptions, timeArgument } from '../page-options.ts'

/** Filter of recorded polls. All given conditions must apply. */
export interface TickListOptions extends PageOptions {
  /** Outcomes of the ticks. */
  readonly outcomes?: readonly TickOutcome[]
  /** Earliest end of the tick, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Ticks must start before this time, in milliseconds since 1970. */
  readonly untilAt?: number
  /** Last tick of the previous page. */
  readonly after?: Pick<TickRow, 'id' | 'lastAt'>
}

/** Throws `INVALID_ARGUMENT`. */
export function tickFilter(options: TickListOptions): Page & TickFilter {
  const { outcomes, sinceAt, untilAt, after } = options
  return {
    ...checkedPage(options),
    ...(outcomes !== undefined && { outcomes: outcomes.map((each) => textArgument(each, 'outcomes') as TickOutcome) }),
    ...(sinceAt !== undefined && { sinceAt: timeArgument(sinceAt, 'sinceAt') }),
    ...(untilAt !== undefined && { untilAt: timeArgument(untilAt, 'untilAt') }),
    ...(after !== undefined && { after }),
  }
}
