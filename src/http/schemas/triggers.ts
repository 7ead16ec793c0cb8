/** Triggers, their ticks and firings. */

import * as v from 'valibot'
import { RECORD } from './logs.ts'
import {
  ASKED_INSTANT,
  barsOf,
  COUNT,
  FAULT,
  FLAG,
  INSTANT,
  INSTANT_OR_NULL,
  listOf,
  NOTED,
  NUMBER_OR_NULL,
  PAGE,
  TEXT_OR_NULL,
  TIMES,
  wholeFrom,
} from './parts.ts'

const POLICY = {
  timeoutMs: NUMBER_OR_NULL,
  jitterMs: NUMBER_OR_NULL,
  maxActive: NUMBER_OR_NULL,
  pauseAfter: NUMBER_OR_NULL,
  onChange: v.boolean(),
}
const SETTINGS = v.strictObject({ ...POLICY, pollIntervalMs: v.number() })
const OVERRIDES = v.partial(SETTINGS)

const TRIGGER_FIELDS = {
  id: v.string(),
  name: v.string(),
  kind: v.literal('poll'),
  workflow: v.string(),
  pollIntervalMs: v.number(),
  allowConcurrent: v.boolean(),
  policy: v.pipe(v.strictObject(POLICY), v.description('settings in effect')),
  declared: v.pipe(SETTINGS, v.description('settings that the code declares')),
  overrides: v.pipe(OVERRIDES, v.description('settings that a user changed; they take precedence over the code')),
  enabled: v.boolean(),
  note: TEXT_OR_NULL,
  failuresInRow: COUNT,
  lastPollAt: INSTANT_OR_NULL,
  undeclaredAt: v.pipe(
    INSTANT_OR_NULL,
    v.description('time since which no served script declares the trigger; null if a served script declares it'),
  ),
  createdAt: INSTANT,
  updatedAt: INSTANT,
}

const OUTCOMES = ['skipped', 'fired', 'duplicate', 'limited', 'failed', 'timedOut'] as const

export const TICK_QUERY = v.strictObject({
  ...PAGE,
  outcome: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(',')),
      v.array(v.picklist(OUTCOMES, `expected one or more of ${OUTCOMES.join(', ')}, separated by commas`)),
    ),
  ),
  ...TIMES,
})

const TICK_FIELDS = {
  id: v.string(),
  trigger: v.string(),
  outcome: v.picklist(['skipped', 'fired', 'duplicate', 'limited', 'failed', 'timedOut']),
  firstAt: INSTANT,
  lastAt: INSTANT,
  count: v.pipe(COUNT, v.description('number of polls; consecutive skips for the same reason are one tick')),
  latenessMs: NUMBER_OR_NULL,
  durationMs: NUMBER_OR_NULL,
  reason: TEXT_OR_NULL,
  errorType: TEXT_OR_NULL,
  errorMessage: TEXT_OR_NULL,
  firingId: TEXT_OR_NULL,
  executionId: TEXT_OR_NULL,
  hasLog: v.pipe(
    v.boolean(),
    v.description('true if the poll printed or logged something; read it at `/triggers/{name}/logs`'),
  ),
}

const TICK = v.strictObject(TICK_FIELDS)
export const TICK_LIST = listOf(TICK)

export const TICK_DETAIL_QUERY = v.strictObject({
  at: v.pipe(ASKED_INSTANT, v.description('`lastAt` of the tick, as in the list of ticks')),
})
export const TICK_DETAIL = v.strictObject({
  ...TICK_FIELDS,
  error: FAULT,
  records: v.pipe(v.array(v.strictObject(RECORD)), v.description('output and log records of the poll')),
})

export const TRIGGER = v.strictObject({
  ...TRIGGER_FIELDS,
  description: v.pipe(
    TEXT_OR_NULL,
    v.description('docstring of the function; null if this engine has not loaded the trigger'),
  ),
  place: v.nullable(v.strictObject({ file: v.string(), line: v.number() })),
  lastTick: v.nullable(TICK),
  lastFired: v.pipe(v.nullable(TICK), v.description('last tick that started an execution')),
})

export const TRIGGER_LIST = listOf(TRIGGER)

export const TRIGGER_TREND_QUERY = v.strictObject({ bars: barsOf(30), ...TIMES })

export const FIRING_LIST = listOf(
  v.strictObject({
    id: v.string(),
    triggerId: v.string(),
    contextHash: v.string(),
    executionId: TEXT_OR_NULL,
    startedAt: INSTANT,
    completedAt: INSTANT_OR_NULL,
    createdAt: INSTANT,
  }),
)

export const TRIGGER_QUERY = v.strictObject({ ...PAGE, enabled: v.optional(FLAG) })

export const SWITCH = v.strictObject(NOTED)
export const DELETED = v.strictObject({ trigger: v.string(), deleted: v.literal(true) })
export const SWITCHED = v.strictObject({ trigger: v.string(), enabled: v.boolean() })

/** Beside a body that is a context to the letter. */
export const FIRE_QUERY = v.strictObject({
  ...NOTED,
  force: v.optional(v.pipe(FLAG, v.description('start the workflow regardless of active executions'))),
})
export const FIRED = v.strictObject({
  trigger: v.string(),
  outcome: v.picklist(['fired', 'duplicate', 'limited']),
  executionId: v.pipe(
    TEXT_OR_NULL,
    v.description('the started execution; for `duplicate`, the active execution with the same context'),
  ),
  reason: TEXT_OR_NULL,
})

export const POLLED = v.variant('state', [
  v.strictObject({
    trigger: v.string(),
    state: v.literal('polled'),
    outcome: v.picklist(['skipped', 'fired', 'duplicate', 'limited', 'failed', 'timedOut']),
    reason: TEXT_OR_NULL,
    executionId: TEXT_OR_NULL,
    error: FAULT,
    durationMs: v.number(),
  }),
  v.strictObject({ trigger: v.string(), state: v.literal('asked') }),
])

export const TESTED = v.strictObject({
  trigger: v.string(),
  outcome: v.picklist(['skipped', 'fired', 'failed', 'timedOut']),
  reason: TEXT_OR_NULL,
  contextText: v.pipe(TEXT_OR_NULL, v.description('exact JSON text of the context that the function returned')),
  error: FAULT,
  durationMs: v.number(),
  records: v.pipe(v.array(v.strictObject(RECORD)), v.description('output and log records of the poll')),
})

const LIMIT = v.optional(v.nullable(wholeFrom(0)))

export const SET = v.strictObject({
  ...NOTED,
  reset: v.optional(
    v.pipe(v.literal(true), v.description('remove all overrides, so that the settings of the code apply again')),
  ),
  pollIntervalMs: v.optional(wholeFrom(0)),
  timeoutMs: LIMIT,
  jitterMs: LIMIT,
  maxActive: LIMIT,
  pauseAfter: LIMIT,
  onChange: v.optional(v.boolean()),
})
