/** Cron schedules as JSON. Instants are RFC 3339. */

import { scheduleProblem } from '../../engine/cron/expressions.ts'
import type { CronFiringRow, CronRow } from '../../model/schedule.ts'
import { formatInstant } from '../../model/time/instant.ts'
import { instant } from './instants.ts'

/** `nextRuns`: the next instants at which it fires. */
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
    lastRunAt: instant(lastRunAt),
    undeclaredAt: instant(undeclaredAt),
    problem: cronProblem(row),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
  }
}

/** Returns why the schedule of a cron trigger never fires, or null if it does. Other schedules are checked when they are made. */
export function cronProblem(row: CronRow): string | null {
  return row.triggerName === null || row.nextRunAt !== null ? null : scheduleProblem(row)
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
