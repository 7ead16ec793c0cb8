/** Logs of tasks and polls. */

import * as v from 'valibot'
import { RECORD_LEVELS, RECORD_STREAMS } from '../../model/logs/log-filter.ts'
import { COUNT, INSTANT, listSchema, PAGE } from './shared-schemas.ts'

export const RECORD = {
  at: INSTANT,
  stream: v.pipe(
    v.picklist(['stdout', 'stderr', 'log', 'cut']),
    v.description('`cut` marks a place where records are missing'),
  ),
  message: v.string(),
  isPart: v.optional(v.literal(true)),
  cutRecords: v.optional(COUNT),
  cutBytes: v.optional(COUNT),
  level: v.optional(v.string()),
  logger: v.optional(v.string()),
  place: v.optional(v.string()),
  extra: v.optional(v.record(v.string(), v.unknown())),
  traceback: v.optional(v.string()),
}

export const LOG_LIST = v.strictObject({
  ...listSchema(v.strictObject({ task: v.string(), attempt: COUNT, ...RECORD })).entries,
  endCursor: v.pipe(v.string(), v.description('cursor for records that are written after this page')),
})

export const POLL_LOG_LIST = listSchema(
  v.strictObject({
    tickId: v.string(),
    outcome: v.picklist(['skipped', 'fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut']),
    at: INSTANT,
    records: v.array(v.strictObject(RECORD)),
  }),
)

export const POLL_LOG_QUERY = v.strictObject({ ...PAGE, tick: v.optional(v.string()) })

export const LOG_QUERY = v.strictObject({
  ...PAGE,
  task: v.optional(v.string()),
  stream: v.optional(v.pipe(v.picklist(RECORD_STREAMS), v.description('include only records of this stream'))),
  level: v.optional(
    v.pipe(
      v.picklist(RECORD_LEVELS),
      v.description('minimum level; stdout has the level INFO, and stderr the level WARNING'),
    ),
  ),
  attempt: v.optional(v.pipe(v.string(), v.regex(/^[1-9]\d{0,5}$/, 'the number of an attempt'), v.transform(Number))),
})
