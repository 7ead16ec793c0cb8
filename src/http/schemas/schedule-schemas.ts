/** Cron schedules. */

import * as v from 'valibot'
import {
  COUNT,
  INSTANT,
  INSTANT_OR_NULL,
  listSchema,
  NOTE_FIELD,
  NUMBER_OR_NULL,
  PAGE,
  QUERY_FLAG,
  TAGS_OR_NULL,
  TEXT_OR_NULL,
} from './shared-schemas.ts'

export const SCHEDULE = v.strictObject({
  id: v.string(),
  workflow: v.string(),
  expression: v.string(),
  timezone: v.string(),
  catchup: v.picklist(['skip', 'all', 'none']),
  expectFireMs: NUMBER_OR_NULL,
  tags: TAGS_OR_NULL,
  priority: v.pipe(
    NUMBER_OR_NULL,
    v.description('priority of the cron trigger in the code; null for that of the workflow'),
  ),
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

export const SCHEDULE_LIST = listSchema(SCHEDULE)

export const CRON_FIRING_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    scheduleId: v.string(),
    scheduledAt: INSTANT,
    claimedAt: INSTANT,
    executionId: TEXT_OR_NULL,
    isLimited: v.pipe(v.boolean(), v.description('whether the limit of the workflow refused an execution')),
    recoveryAttempts: COUNT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  }),
)

export const SCHEDULE_QUERY = v.strictObject({ ...PAGE, enabled: v.optional(QUERY_FLAG) })

export const SCHEDULE_SWITCH = v.strictObject(NOTE_FIELD)
const TIMING = {
  expression: v.pipe(v.string(), v.description('cron expression, such as `0 3 * * *`')),
  timezone: v.pipe(v.optional(v.string(), 'UTC'), v.description('IANA time zone, such as `Europe/Berlin`')),
}
export const NEW_SCHEDULE = v.strictObject({ ...NOTE_FIELD, workflow: v.string(), ...TIMING })
export const CHANGED_SCHEDULE = v.strictObject({ ...NOTE_FIELD, ...TIMING })
export const DELETE_QUERY = v.strictObject(NOTE_FIELD)
export const SCHEDULE_DELETED = v.strictObject({ id: v.string(), deleted: v.literal(true) })
export const SCHEDULE_SWITCHED = v.strictObject({ id: v.string(), enabled: v.boolean() })
export const SCHEDULE_RUN = v.strictObject({ id: v.string(), executionId: v.string() })
export const CRON_QUERY = v.strictObject(TIMING)
export const CRON_TIMES = v.strictObject({
  times: v.pipe(v.array(INSTANT), v.description('next five times, or fewer if the expression ends before')),
})
