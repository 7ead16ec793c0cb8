/** Backfills of schedules and refires of triggers. */

import * as v from 'valibot'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import { EXECUTION_STATUS } from './execution-schemas.ts'
import { COUNT, INSTANT, INSTANT_OR_NULL, listSchema, NOTE_FIELD, QUERY_FLAG, TEXT_OR_NULL } from './shared-schemas.ts'

const when = (edge: string, example: string) =>
  v.pipe(
    v.string(),
    v.description(`${edge}: a date, a local time such as 2026-06-01T08:00, or an RFC 3339 timestamp`),
    v.examples([example]),
  )

const RANGE = {
  from: when('start of the range', '2026-06-01'),
  to: when('end of the range, which is not in it and not in the future', '2026-07-01'),
}

const START = {
  ...NOTE_FIELD,
  ...RANGE,
  maxActive: v.pipe(
    v.optional(wholeNumberAtLeast(1), 1),
    v.description('maximum number of its executions that are active at a time'),
  ),
}

const AGAIN = 'whether to start also times that have a firing'

export const NEW_BACKFILL = v.strictObject({
  ...START,
  again: v.pipe(v.optional(v.boolean(), false), v.description(AGAIN)),
})

export const BACKFILL_PREVIEW_QUERY = v.strictObject({
  ...RANGE,
  again: v.pipe(v.optional(QUERY_FLAG), v.description(AGAIN)),
})

export const BACKFILL_PREVIEW = v.strictObject({
  from: INSTANT,
  to: INSTANT,
  times: v.pipe(COUNT, v.description('number of times of the cron expression in the range')),
  executions: v.pipe(COUNT, v.description('number of executions that would start')),
  alreadyFired: v.pipe(COUNT, v.description('number of times that have a firing')),
  knownFrom: v.pipe(
    INSTANT_OR_NULL,
    v.description('only firings of times from this one on are known; null if all are known'),
  ),
})

const TIMEZONE = v.pipe(
  v.optional(v.string(), 'UTC'),
  v.description('IANA time zone of dates and local times, such as `Europe/Berlin`'),
)

const STATUS = v.pipe(v.optional(EXECUTION_STATUS), v.description('only firings whose execution has this status'))

export const NEW_REFIRE = v.strictObject({ ...START, timezone: TIMEZONE, status: STATUS })

export const REFIRE_PREVIEW_QUERY = v.strictObject({ ...RANGE, timezone: TIMEZONE, status: STATUS })

export const REFIRE_PREVIEW = v.strictObject({
  from: INSTANT,
  to: INSTANT,
  executions: v.pipe(COUNT, v.description('number of executions that would start')),
  pruned: v.pipe(COUNT, v.description('number of firings without a stored execution, which are left out')),
})

const PROGRESS = {
  status: v.picklist(['running', 'paused', 'completed', 'cancelled']),
  from: INSTANT,
  to: INSTANT,
  maxActive: COUNT,
  total: v.pipe(COUNT, v.description('number of executions that were to start when it was created')),
  started: COUNT,
  leftOut: v.pipe(COUNT, v.description('number of times with a firing, or of firings without a stored execution')),
  active: v.pipe(COUNT, v.description('number of its executions that have not ended')),
  createdAt: INSTANT,
  endedAt: INSTANT_OR_NULL,
}

export const BACKFILL = v.strictObject({
  id: v.string(),
  scheduleId: v.string(),
  trigger: TEXT_OR_NULL,
  workflow: v.string(),
  expression: v.string(),
  timezone: v.string(),
  again: v.boolean(),
  ...PROGRESS,
})

export const REFIRE = v.strictObject({
  id: v.string(),
  trigger: v.string(),
  workflow: v.string(),
  executionStatus: v.nullable(EXECUTION_STATUS),
  ...PROGRESS,
})

export const BACKFILL_LIST = listSchema(BACKFILL)
export const REFIRE_LIST = listSchema(REFIRE)

export const STEER_BATCH = v.strictObject(NOTE_FIELD)
export const CANCEL_BATCH = v.strictObject({
  ...NOTE_FIELD,
  executions: v.pipe(v.optional(v.boolean(), false), v.description('whether to cancel also its active executions')),
})
