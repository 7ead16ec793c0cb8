/** Cron schedules as JSON. Times are RFC 3339. */

import { clockChangeWarning } from '../../engine/cron/clock-changes.ts'
import { cronProblem } from '../../engine/cron/expressions.ts'
import { isZone, localTimeAt } from '../../engine/cron/zones.ts'
import type { CronFiringRow, CronRow } from '../../model/schedule-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'

export { clockChangeWarning, cronProblem }

/** `nextRuns`: next due times. */
export function scheduleRecord(row: CronRow, nextRuns: readonly number[]) {
  const {
    isEnabled,
    nextRunAt: _next,
    lastScheduledAt: _last,
    lastRunAt,
    undeclaredAt,
    createdAt,
    updatedAt,
    ...rest
  } = row
  return {
    ...rest,
    kind: scheduleKind(row),
    enabled: isEnabled,
    nextRuns: nextRuns.map(formatInstant),
    lastRunAt: formatInstantOrNull(lastRunAt),
    undeclaredAt: formatInstantOrNull(undeclaredAt),
    problem: cronProblem(row),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}

/** Returns how far the zone of a schedule is ahead of UTC at a time; null if the zone is unknown. */
export function scheduleOffsetMs({ timezone }: Pick<CronRow, 'timezone'>, at: number): number | null {
  return isZone(timezone) ? localTimeAt(timezone, at) - at : null
}

export function scheduleKind(row: CronRow): string {
  if (row.triggerName !== null) return 'cron trigger'
  return row.instanceName === null ? 'schedule' : 'workflow instance'
}

export function cronFiringRecord(row: CronFiringRow) {
  return {
    ...row,
    scheduledAt: formatInstant(row.scheduledAt),
    claimedAt: formatInstant(row.claimedAt),
    createdAt: formatInstant(row.createdAt),
    updatedAt: formatInstant(row.updatedAt),
  }
}
