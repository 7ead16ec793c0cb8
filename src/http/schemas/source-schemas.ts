/** Sources, their events and polls. */

import * as v from 'valibot'
import {
  COUNT,
  FAULT,
  INSTANT,
  INSTANT_OR_NULL,
  LENGTH_OR_NULL,
  listSchema,
  numberText,
  QUERY_FLAG,
  SHORT_TEXT,
  TEXT_OR_NULL,
} from './shared-schemas.ts'

const KINDS = ['passthrough', 'stream', 'polling', 'batch', 'state'] as const

export const SOURCE = v.strictObject({
  name: v.string(),
  kind: v.pipe(
    v.nullable(v.picklist(KINDS)),
    v.description('null if reactors name the source, but no script declares the source'),
  ),
  accumulation: v.nullable(v.looseObject({ kind: v.picklist(KINDS) })),
  description: v.string(),
  lastSequence: v.pipe(COUNT, v.description('sequence number of the last accepted event; 0 before the first')),
  doneSequence: v.pipe(COUNT, v.description('sequence number of the last event that was accumulated')),
  waiting: COUNT,
  limit: v.pipe(COUNT, v.description('maximum number of waiting events')),
  eventsLastHour: COUNT,
  dropped: v.pipe(COUNT, v.description('events for which the accumulator function returned None')),
  refused: v.pipe(COUNT, v.description('events that were rejected because too many were waiting')),
  failed: v.pipe(COUNT, v.description('events for which the accumulator function raised an exception')),
  lastEventAt: INSTANT_OR_NULL,
  lastValueText: SHORT_TEXT,
  lastValueLength: LENGTH_OR_NULL,
  lastValueAt: INSTANT_OR_NULL,
  lastError: FAULT,
  lastErrorAt: INSTANT_OR_NULL,
  owner: v.pipe(TEXT_OR_NULL, v.description('id of the engine that accumulates the events')),
  undeclaredAt: INSTANT_OR_NULL,
  createdAt: INSTANT,
})

export const SOURCE_LIST = listSchema(SOURCE)

export const EVENT_LIST = listSchema(
  v.strictObject({
    source: v.string(),
    sequence: COUNT,
    acceptedAt: INSTANT,
    eventText: SHORT_TEXT,
    eventLength: COUNT,
  }),
)

export const SOURCE_POLL_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    outcome: v.picklist(['emitted', 'skipped', 'failed', 'timedOut']),
    firstAt: INSTANT,
    lastAt: INSTANT,
    count: COUNT,
    latenessMs: v.nullable(v.number()),
    durationMs: v.number(),
    sequence: v.nullable(COUNT),
    error: FAULT,
  }),
)

export const PUSH_QUERY = v.strictObject({
  each: v.optional(v.pipe(QUERY_FLAG, v.description('true if the body is an array of events'))),
  timeoutMs: v.optional(
    v.pipe(
      numberText(/^\d{1,5}$/, 0, 60_000),
      v.description('maximum time in milliseconds that the request waits while the queue is full'),
    ),
    '0',
  ),
})

export const PUSHED = v.union([
  v.strictObject({ sequence: v.pipe(COUNT, v.description('sequence number of the stored event')) }),
  v.strictObject({
    sequences: v.pipe(
      v.array(COUNT),
      v.description('sequence numbers of the stored events, in the order of the body (with `each=true`)'),
    ),
  }),
])
