/** Cron schedules, open runners, and how it goes. */

import * as v from 'valibot'
import { COUNT, FLAG, INSTANT, INSTANT_OR_NULL, listOf, PAGE, TEXT_OR_NULL } from './parts.ts'

export const SCHEDULE = v.strictObject({
  id: v.string(),
  workflow: v.string(),
  expression: v.string(),
  timezone: v.string(),
  catchup: v.picklist(['skip', 'all', 'none']),
  triggerName: TEXT_OR_NULL,
  instanceName: TEXT_OR_NULL,
  paramsText: TEXT_OR_NULL,
  kind: v.picklist(['cron trigger', 'schedule', 'workflow instance']),
  enabled: v.boolean(),
  nextRuns: v.array(INSTANT),
  lastRunAt: INSTANT_OR_NULL,
  createdAt: INSTANT,
  updatedAt: INSTANT,
})

export const SCHEDULE_LIST = listOf(SCHEDULE)

export const CRON_FIRING_LIST = listOf(
  v.strictObject({
    id: v.string(),
    scheduleId: v.string(),
    scheduledAt: INSTANT,
    claimedAt: INSTANT,
    executionId: TEXT_OR_NULL,
    recoveryAttempts: COUNT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  }),
)

export const SCHEDULE_QUERY = v.strictObject({ ...PAGE, enabled: v.optional(FLAG) })

/** Nothing is kept of who does it and why. */
export const SCHEDULE_SWITCH = v.strictObject({})
export const SCHEDULE_SWITCHED = v.strictObject({ id: v.string(), enabled: v.boolean() })
