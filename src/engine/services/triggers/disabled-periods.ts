/** Periods in which a trigger was disabled, from the actions that enabled and disabled it. Pure. */

import type { ActionSource, SwitchRow } from '../../../model/action.ts'
import type { TriggerRow } from '../../../model/schedule-rows.ts'

/** Period in which a trigger was disabled. Times are in milliseconds since 1970. */
export interface DisabledPeriod {
  readonly sinceAt: number
  /** Null if it had not ended at the end of the requested period. */
  readonly untilAt: number | null
  /** Interface through which the trigger was disabled; `engine` after too many failures. Null if it is unknown. */
  readonly source: ActionSource | null
  /** Reason for disabling it, or null. */
  readonly note: string | null
}

type Known = Pick<TriggerRow, 'isEnabled' | 'note' | 'createdAt' | 'updatedAt'>

interface Period {
  readonly sinceAt: number
  readonly untilAt: number
}

/**
 * Returns the periods that overlap with a period, oldest first. `switches`: newest first, with the last one before the
 * period. Ignores those of an earlier trigger of the same name, which was deleted.
 */
export function disabledPeriods(
  trigger: Known,
  switches: readonly SwitchRow[],
  { sinceAt, untilAt }: Period,
): readonly DisabledPeriod[] {
  const own = switches.filter(({ at }) => at >= trigger.createdAt).toReversed()
  // The action that disabled it may have been pruned.
  if (own.length === 0 && !trigger.isEnabled) {
    const { updatedAt, note } = trigger
    return updatedAt < untilAt ? [{ sinceAt: updatedAt, untilAt: null, source: null, note }] : []
  }
  const periods: DisabledPeriod[] = []
  let open: DisabledPeriod | null = null
  for (const { kind, at, source, note } of own) {
    if (kind === 'disable') open ??= { sinceAt: at, untilAt: null, source, note }
    else if (open !== null) {
      periods.push({ ...open, untilAt: at })
      open = null
    }
  }
  if (open !== null) periods.push(open)
  return periods.filter((period) => period.untilAt === null || period.untilAt > sinceAt)
}
