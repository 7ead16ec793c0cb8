/** Executions, their tasks and attempts, and what people did to them. */

import * as v from 'valibot'
import {
  barsOf,
  COUNT,
  INSTANT,
  INSTANT_OR_NULL,
  listOf,
  NOTED,
  NUMBER_OR_NULL,
  PAGE,
  TEXT_OR_NULL,
  TIMES,
} from './parts.ts'

export const STATUS = v.picklist(['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused'])

const TASK_STATUS = v.picklist(['NotStarted', 'Ready', 'Running', 'Completed', 'Failed', 'Skipped', 'Cancelled'])

const ORIGIN = v.variant('kind', [
  v.strictObject({ kind: v.literal('call') }),
  v.strictObject({ kind: v.literal('trigger'), trigger: v.string(), firingId: v.string() }),
  v.strictObject({
    kind: v.literal('cron'),
    scheduleId: v.string(),
    trigger: v.pipe(
      TEXT_OR_NULL,
      v.description('name of the cron trigger; null if no cron trigger declares the schedule'),
    ),
    firingId: v.string(),
  }),
  v.strictObject({ kind: v.literal('reactor'), reactor: v.string(), firingId: v.string() }),
])

const FAULT = v.strictObject({ type: v.string(), message: v.string(), traceback: v.string() })

export const ATTEMPT = v.strictObject({
  attempt: COUNT,
  outcome: v.picklist(['completed', 'failed', 'timedOut', 'lost', 'cancelled']),
  queuedAt: INSTANT_OR_NULL,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT,
  error: v.nullable(FAULT),
})

export const TASK = v.strictObject({
  id: v.string(),
  status: TASK_STATUS,
  attempts: COUNT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  notBeforeAt: v.pipe(INSTANT_OR_NULL, v.description('earliest start of the next attempt')),
  error: TEXT_OR_NULL,
  traceback: v.string(),
  outputBytes: v.pipe(NUMBER_OR_NULL, v.description('size of the output context, in bytes of UTF-8')),
  history: v.array(ATTEMPT),
})

const SUMMARY = {
  id: v.string(),
  workflow: v.string(),
  status: STATUS,
  origin: ORIGIN,
  retryOf: TEXT_OR_NULL,
  version: v.string(),
  createdAt: INSTANT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  waitingFor: v.pipe(
    v.nullable(v.strictObject({ kind: v.literal('engine'), workflow: v.string() })),
    v.description('set if no running engine has the workflow and the execution is at least 5 s old; otherwise null'),
  ),
  errorMessage: TEXT_OR_NULL,
}

export const EXECUTION_LIST = listOf(v.strictObject(SUMMARY))

export const EXECUTION = v.strictObject({
  ...SUMMARY,
  pausedAt: INSTANT_OR_NULL,
  cancelRequestedAt: INSTANT_OR_NULL,
  inputBytes: v.pipe(COUNT, v.description('size of the input context, in bytes of UTF-8')),
  contextBytes: v.pipe(COUNT, v.description('size of the context at `/executions/{id}/context`, in bytes of UTF-8')),
  tasks: v.array(TASK),
})

export const TASK_LIST = listOf(TASK)
export const ATTEMPT_LIST = listOf(v.strictObject({ task: v.string(), ...ATTEMPT.entries }))

export const ACTION_LIST = listOf(
  v.strictObject({
    id: v.string(),
    kind: v.string(),
    target: v.string(),
    source: v.picklist(['cli', 'node', 'http', 'python']),
    note: TEXT_OR_NULL,
    at: INSTANT,
    answeredAt: INSTANT_OR_NULL,
    isRefused: v.nullable(v.boolean()),
  }),
)

export const EXECUTION_QUERY = v.strictObject({
  ...PAGE,
  status: v.optional(STATUS),
  workflow: v.optional(v.string()),
  trigger: v.optional(v.pipe(v.string(), v.description('include only executions that this trigger started'))),
  retryOf: v.optional(v.pipe(v.string(), v.description('include only retries of this execution'))),
  ...TIMES,
})

const COUNT_FILTER = {
  workflow: v.optional(v.string()),
  trigger: v.optional(v.string()),
  ...TIMES,
}

export const COUNT_QUERY = v.strictObject(COUNT_FILTER)

const BY_STATUS = v.record(STATUS, COUNT)

export const COUNTS = v.strictObject({
  counts: BY_STATUS,
  atLeast: v.pipe(
    v.array(STATUS),
    v.description('statuses whose count is only a minimum, because counting stops at a limit'),
  ),
})

export const TREND_QUERY = v.strictObject({ ...COUNT_FILTER, bars: barsOf(24) })

export const ATTEMPT_QUERY = v.strictObject({ task: v.optional(v.string()) })

export const START = v.strictObject({
  workflow: v.string(),
  context: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('input context, stored unchanged'))),
})
export const STARTED = v.strictObject({ id: v.string() })

export const STEER = v.strictObject(NOTED)
export const CANCEL = v.strictObject({
  ...NOTED,
  wait: v.optional(v.pipe(v.boolean(), v.description('let running tasks finish instead of stopping them'))),
})
export const RETRY = v.strictObject({
  ...NOTED,
  from: v.optional(v.pipe(v.string(), v.description('task that runs again, together with all tasks after it'))),
  all: v.optional(v.pipe(v.boolean(), v.description('run all tasks again'))),
})

export const PRUNE = v.strictObject({
  ...NOTED,
  olderThanMs: v.pipe(
    v.number(),
    v.minValue(0, 'expected 0 or more'),
    v.maxValue(Number.MAX_SAFE_INTEGER),
    v.description('minimum time since the end of an execution, in milliseconds'),
  ),
  status: v.optional(v.picklist(['Completed', 'Failed', 'Cancelled'])),
  dryRun: v.optional(v.pipe(v.boolean(), v.description('only count the executions'))),
})
export const PRUNED = v.strictObject({
  executions: COUNT,
  removed: v.pipe(v.boolean(), v.description('false if the executions were only counted')),
})

export const CANCELLED = v.variant('state', [
  v.strictObject({
    id: v.string(),
    state: v.literal('cancelled'),
    stopped: COUNT,
    lostScripts: v.array(v.string()),
  }),
  v.strictObject({ id: v.string(), state: v.literal('asked') }),
])
export const PAUSED = v.strictObject({ id: v.string(), state: v.picklist(['done', 'asked']) })
export const RETRIED = v.strictObject({ id: v.string(), retryOf: v.string() })
