/** Limits as JSON. The fields are a contract, listed in `docs/command-line.md`. */

import { parseExactly } from '../../../model/context.ts'
import { rateText } from '../../../model/limits/limit-rate.ts'
import {
  type LimitOverrides,
  type LimitRow,
  type LimitValueRow,
  limitedWorkflow,
} from '../../../model/limits/limits.ts'
import { formatInstant } from '../../../model/time/instant.ts'

/** `now`: time of the engine. The database measures times of limits as durations. */
export function limitRecord(row: LimitRow, now: number) {
  return {
    name: row.name,
    workflow: limitedWorkflow(row.name),
    maxActive: row.maxActive,
    rate: rateOrNull(row.rate),
    per: row.per,
    declared: row.declared === null ? null : { ...row.declared, rate: rateOrNull(row.declared.rate) },
    overrides: overridesRecord(row.overrides),
    differs: row.differs,
    used: row.used,
    waiting: row.waiting,
    ...closingRecord(row, now),
  }
}

/** The number of `value` is exact. */
export function limitValueRecord(row: LimitValueRow, now: number) {
  return {
    value: parseExactly(row.value),
    valueText: row.value,
    used: row.used,
    waiting: row.waiting,
    begun: row.begun,
    heldBy: row.heldBy,
    ...closingRecord(row, now),
  }
}

/** `closedUntil` is null for slots that are closed until a person opens them. */
function closingRecord({ closedForMs }: Pick<LimitRow, 'closedForMs'>, now: number) {
  return {
    isClosed: closedForMs !== undefined,
    closedUntil: closedForMs === undefined || closedForMs === null ? null : formatInstant(now + closedForMs),
  }
}

function overridesRecord({ maxActive, rate }: LimitOverrides) {
  return { ...(maxActive !== undefined && { maxActive }), ...(rate !== undefined && { rate: rateOrNull(rate) }) }
}

function rateOrNull(rate: LimitRow['rate']): string | null {
  return rate === null ? null : rateText(rate)
}
