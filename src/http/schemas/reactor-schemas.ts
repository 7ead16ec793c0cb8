/** Reactors, their firings, and the workflows that are subscribed to them. */

import * as v from 'valibot'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import {
  COUNT,
  INSTANT,
  INSTANT_OR_NULL,
  LENGTH_OR_NULL,
  listSchema,
  NOTE_FIELD,
  SHORT_TEXT,
  TEXT_OR_NULL,
} from './shared-schemas.ts'

export const REACTOR = v.strictObject({
  name: v.string(),
  mode: v.picklist(['when_any', 'when_all']),
  inputs: v.array(
    v.strictObject({
      source: v.string(),
      valueText: SHORT_TEXT,
      valueLength: LENGTH_OR_NULL,
      valueAt: INSTANT_OR_NULL,
      sequence: v.nullable(COUNT),
      isDirty: v.pipe(v.boolean(), v.description('true if the value was delivered after the last firing')),
    }),
  ),
  lastSequence: v.pipe(COUNT, v.description('sequence number of the last firing; 0 before the first')),
  lastFiredAt: INSTANT_OR_NULL,
  waitingFor: v.pipe(
    v.nullable(v.strictObject({ sources: v.array(v.string()), sinceAt: INSTANT })),
    v.description('sources that a `when_all` reactor still waits for, if other sources have delivered; otherwise null'),
  ),
  undeclaredAt: INSTANT_OR_NULL,
  createdAt: INSTANT,
})

export const REACTOR_LIST = listSchema(REACTOR)

const FIRING_FIELDS = {
  id: v.string(),
  reactor: v.string(),
  sequence: COUNT,
  firedAt: INSTANT,
  payloadText: SHORT_TEXT,
  payloadLength: COUNT,
  causes: v.pipe(
    v.array(v.strictObject({ source: v.string(), firstSequence: COUNT, lastSequence: COUNT })),
    v.description('events since the previous firing, as a range of sequence numbers for each source'),
  ),
  byHand: v.pipe(TEXT_OR_NULL, v.description('who fired the reactor manually; null if sources caused the firing')),
}

export const REACTOR_FIRING = v.strictObject(FIRING_FIELDS)

export const FIRING_DETAIL = v.strictObject({
  ...FIRING_FIELDS,
  executions: v.array(v.strictObject({ subscriptionId: v.string(), workflow: v.string(), executionId: v.string() })),
})

export const REACTOR_FIRING_LIST = listSchema(FIRING_DETAIL)
export const EVENT_FIRING_LIST = listSchema(REACTOR_FIRING)

export const FIRE_REACTOR_QUERY = v.strictObject(NOTE_FIELD)

export const SUBSCRIPTION = v.strictObject({
  id: v.string(),
  reactor: v.string(),
  workflow: v.string(),
  tenant: v.string(),
  predicate: TEXT_OR_NULL,
  state: v.picklist(['active', 'paused', 'degraded']),
  enabled: v.boolean(),
  isDegraded: v.boolean(),
  doneSequence: v.pipe(
    COUNT,
    v.description('sequence number of the last processed firing, whether or not it started the workflow'),
  ),
  waiting: v.pipe(COUNT, v.description('number of firings after `doneSequence`')),
  lastSeenFiredAt: INSTANT_OR_NULL,
  errorCount: COUNT,
  lastError: TEXT_OR_NULL,
  lastErrorAt: INSTANT_OR_NULL,
  errorFiringId: TEXT_OR_NULL,
  createdAt: INSTANT,
  updatedAt: INSTANT,
})

export const SUBSCRIPTION_LIST = listSchema(SUBSCRIPTION)

export const SUBSCRIPTION_QUERY = v.strictObject({
  reactor: v.optional(v.string()),
  workflow: v.optional(v.string()),
  tenant: v.optional(v.string()),
})

export const SUBSCRIBE = v.strictObject({
  ...NOTE_FIELD,
  reactor: v.string(),
  workflow: v.string(),
  tenant: v.pipe(v.optional(v.string(), 'public')),
  when: v.optional(
    v.pipe(
      TEXT_OR_NULL,
      v.description('condition for starting the workflow: a CEL expression over `payload`, `reactor` and `tenant`'),
    ),
  ),
  allowMissing: v.optional(
    v.pipe(v.boolean(), v.description('accept a reactor or workflow that no script has declared yet')),
  ),
})

export const STEER_SUBSCRIPTION = v.strictObject(NOTE_FIELD)
export const DELETE_SUBSCRIPTION = v.strictObject(NOTE_FIELD)
export const SUBSCRIPTION_DELETED = v.strictObject({ id: v.string(), deleted: v.literal(true) })

export const REPLAY = v.strictObject({
  ...NOTE_FIELD,
  from: v.pipe(wholeNumberAtLeast(1), v.description('sequence number of the first firing to replay')),
})
export const REPLAYED = v.strictObject({
  id: v.string(),
  from: v.pipe(COUNT, v.description('sequence number of the first replayed firing; older ones may have been pruned')),
})
