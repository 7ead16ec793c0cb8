/** Cron schedules, open runners, and how it goes. */

import * as v from 'valibot'
import { COUNT, FLAG, INSTANT, INSTANT_OR_NULL, listOf, NOTED, PAGE, TEXT_OR_NULL } from './parts.ts'

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
  undeclaredAt: v.pipe(
    INSTANT_OR_NULL,
    v.description('time since which no served script declares the cron trigger; otherwise null'),
  ),
  problem: v.pipe(
    TEXT_OR_NULL,
    v.description('reason why the cron trigger never fires (invalid expression or time zone); otherwise null'),
  ),
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

export const SCHEDULE_SWITCH = v.strictObject(NOTED)
const TIMING = {
  expression: v.pipe(v.string(), v.description('cron expression, such as `0 3 * * *`')),
  timezone: v.pipe(v.optional(v.string(), 'UTC'), v.description('IANA time zone, such as `Europe/Berlin`')),
}
export const NEW_SCHEDULE = v.strictObject({ ...NOTED, workflow: v.string(), ...TIMING })
export const CHANGED_SCHEDULE = v.strictObject({ ...NOTED, ...TIMING })
export const DELETE_QUERY = v.strictObject(NOTED)
export const SCHEDULE_DELETED = v.strictObject({ id: v.string(), deleted: v.literal(true) })
export const SCHEDULE_SWITCHED = v.strictObject({ id: v.string(), enabled: v.boolean() })
