/** Triggers, their ticks and firings. */

import * as v from 'valibot'
import { wholeNumberAtLeast } from '../../options/schemas.ts'
import { RECORD } from './log-schemas.ts'
import {
  barCount,
  COUNT,
  FAULT,
  INSTANT,
  INSTANT_OR_NULL,
  INSTANT_PARAMETER,
  listSchema,
  NOTE_FIELD,
  NUMBER_OR_NULL,
  PAGE,
  QUERY_FLAG,
  TAGS_OR_NULL,
  TEXT_OR_NULL,
  TIME_FIELDS,
} from './shared-schemas.ts'

const POLICY = {
  timeoutMs: NUMBER_OR_NULL,
  jitterMs: NUMBER_OR_NULL,
  maxActive: NUMBER_OR_NULL,
  pauseAfter: NUMBER_OR_NULL,
  onChange: v.boolean(),
  expectFireMs: NUMBER_OR_NULL,
  keyTtlMs: v.nullable(v.union([v.number(), v.literal('never')])),
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
  takesState: v.pipe(
    v.boolean(),
    v.description('true if the function receives a state; read it at `/triggers/{name}/state`'),
  ),
  waitingExecutions: v.pipe(
    COUNT,
    v.description('executions that wait until fewer than `maxActive` are active; the trigger is not polled before'),
  ),
  tags: TAGS_OR_NULL,
  priority: v.pipe(
    NUMBER_OR_NULL,
    v.description('priority in the code of the executions that it starts; null for that of the workflow'),
  ),
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

const OUTCOMES = ['skipped', 'fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut'] as const

export const TICK_QUERY = v.strictObject({
  ...PAGE,
  outcome: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(',')),
      v.array(v.picklist(OUTCOMES, `one or more of ${OUTCOMES.join(', ')}, separated by commas`)),
    ),
  ),
  ...TIME_FIELDS,
})

const TICK_FIELDS = {
  id: v.string(),
  trigger: v.string(),
  outcome: v.picklist(['skipped', 'fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut']),
  firstAt: INSTANT,
  lastAt: INSTANT,
  count: v.pipe(COUNT, v.description('number of polls; consecutive skips for the same reason are one tick')),
  latenessMs: NUMBER_OR_NULL,
  durationMs: NUMBER_OR_NULL,
  reason: TEXT_OR_NULL,
  errorType: TEXT_OR_NULL,
  errorMessage: TEXT_OR_NULL,
  firings: v.pipe(COUNT, v.description('number of firings that the poll returned')),
  duplicates: v.pipe(COUNT, v.description('number of those firings that were duplicates')),
  firingId: TEXT_OR_NULL,
  executionId: v.pipe(TEXT_OR_NULL, v.description('null if `firings` is above 1')),
  changesState: v.pipe(v.boolean(), v.description('true if the poll changed the state of the trigger')),
  hasLog: v.pipe(
    v.boolean(),
    v.description('true if the poll printed or logged something; read it at `/triggers/{name}/logs`'),
  ),
}

const STATE_VALUE = v.record(v.string(), v.unknown())

const TICK = v.strictObject(TICK_FIELDS)
export const TICK_LIST = listSchema(TICK)

export const TICK_DETAIL_QUERY = v.strictObject({
  at: v.pipe(INSTANT_PARAMETER, v.description('`lastAt` of the tick, as in the list of ticks')),
})
export const TICK_DETAIL = v.strictObject({
  ...TICK_FIELDS,
  error: FAULT,
  stateChange: v.pipe(
    v.nullable(v.strictObject({ before: STATE_VALUE, after: STATE_VALUE })),
    v.description('states before and after a poll that changed the state'),
  ),
  records: v.pipe(v.array(v.strictObject(RECORD)), v.description('output and log records of the poll')),
})

/** The numbers of an answer are exact. */
export const STATE = v.strictObject({
  trigger: v.string(),
  state: STATE_VALUE,
  version: v.pipe(COUNT, v.description('number of changes')),
  changedAt: INSTANT_OR_NULL,
  changedBy: v.pipe(TEXT_OR_NULL, v.description('`poll`, or the id of the action of a user')),
  previousState: v.pipe(
    v.nullable(STATE_VALUE),
    v.description('state before the last change; null before the first change'),
  ),
})
export const SET_STATE = v.strictObject({
  ...NOTE_FIELD,
  state: STATE_VALUE,
  version: v.optional(
    v.pipe(wholeNumberAtLeast(0), v.description('version that the stored state must have; otherwise 409')),
  ),
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

export const TRIGGER_LIST = listSchema(TRIGGER)

export const TRIGGER_TREND_QUERY = v.strictObject({ bars: barCount(30), ...TIME_FIELDS })

export const DISABLED_QUERY = v.strictObject(TIME_FIELDS)

export const DISABLED_LIST = listSchema(
  v.strictObject({
    since: INSTANT,
    until: v.pipe(INSTANT_OR_NULL, v.description('null if it had not ended at the end of the requested period')),
    source: v.pipe(
      v.nullable(v.picklist(['cli', 'node', 'http', 'python', 'engine'])),
      v.description('interface through which it was disabled; `engine` after too many failures; null if unknown'),
    ),
    note: TEXT_OR_NULL,
  }),
)

export const FIRING_LIST = listSchema(
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

export const TRIGGER_QUERY = v.strictObject({ ...PAGE, enabled: v.optional(QUERY_FLAG) })

export const SWITCH = v.strictObject(NOTE_FIELD)
export const POLL = v.strictObject({
  ...NOTE_FIELD,
  force: v.optional(v.pipe(v.boolean(), v.description('poll although executions wait because of `maxActive`'))),
})
export const DELETED = v.strictObject({ trigger: v.string(), deleted: v.literal(true) })
export const SWITCHED = v.strictObject({ trigger: v.string(), enabled: v.boolean() })

/** Query next to a body that is an unchanged context. */
export const FIRE_QUERY = v.strictObject({
  ...NOTE_FIELD,
  force: v.optional(v.pipe(QUERY_FLAG, v.description('start the workflow regardless of active executions'))),
  key: v.optional(v.pipe(v.string(), v.description('key of the firing; the trigger fires once with each key'))),
})
export const FIRED = v.strictObject({
  trigger: v.string(),
  outcome: v.picklist(['fired', 'duplicate', 'limited']),
  executionId: v.pipe(
    TEXT_OR_NULL,
    v.description('the started execution; for `duplicate`, that with the key or the same context'),
  ),
  reason: TEXT_OR_NULL,
})

export const POLLED = v.variant('state', [
  v.strictObject({
    trigger: v.string(),
    state: v.literal('polled'),
    outcome: v.picklist(['skipped', 'fired', 'duplicate', 'limited', 'refused', 'failed', 'timedOut']),
    reason: TEXT_OR_NULL,
    executionId: TEXT_OR_NULL,
    firings: COUNT,
    duplicates: COUNT,
    error: FAULT,
    durationMs: v.number(),
  }),
  v.strictObject({ trigger: v.string(), state: v.literal('asked') }),
])

export const TESTED = v.strictObject({
  trigger: v.string(),
  outcome: v.picklist(['skipped', 'fired', 'failed', 'timedOut']),
  reason: TEXT_OR_NULL,
  contextText: v.pipe(TEXT_OR_NULL, v.description('exact JSON text of the context of the first firing')),
  firings: v.pipe(
    v.array(v.strictObject({ key: TEXT_OR_NULL, contextText: TEXT_OR_NULL })),
    v.description('firings that the function returned, in order'),
  ),
  stateText: v.pipe(
    TEXT_OR_NULL,
    v.description('exact JSON text of the state after the poll; null without state, and after a failed poll'),
  ),
  error: FAULT,
  durationMs: v.number(),
  records: v.pipe(v.array(v.strictObject(RECORD)), v.description('output and log records of the poll')),
})

const LIMIT = v.optional(v.nullable(wholeNumberAtLeast(0)))

export const SET = v.strictObject({
  ...NOTE_FIELD,
  reset: v.optional(
    v.pipe(v.literal(true), v.description('remove all overrides, so that the settings of the code apply again')),
  ),
  pollIntervalMs: v.optional(wholeNumberAtLeast(0)),
  timeoutMs: LIMIT,
  jitterMs: LIMIT,
  maxActive: LIMIT,
  pauseAfter: LIMIT,
  onChange: v.optional(v.boolean()),
  expectFireMs: LIMIT,
  keyTtlMs: v.optional(v.nullable(v.union([wholeNumberAtLeast(1), v.literal('never')]))),
})
