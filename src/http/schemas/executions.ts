/** Executions, their tasks and attempts, and what people did to them. */

import * as v from 'valibot'
import { COUNT, INSTANT, INSTANT_OR_NULL, listOf, NOTED, PAGE, TEXT_OR_NULL } from './parts.ts'

export const STATUS = v.picklist(['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused'])

const TASK_STATUS = v.picklist(['NotStarted', 'Ready', 'Running', 'Completed', 'Failed', 'Skipped', 'Cancelled'])

const ORIGIN = v.variant('kind', [
  v.strictObject({ kind: v.literal('call') }),
  v.strictObject({ kind: v.literal('trigger'), trigger: v.string(), firingId: v.string() }),
  v.strictObject({ kind: v.literal('cron'), scheduleId: v.string(), firingId: v.string() }),
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
  error: TEXT_OR_NULL,
  traceback: v.string(),
  history: v.array(ATTEMPT),
})

const SUMMARY = {
  id: v.string(),
  workflow: v.string(),
  status: STATUS,
  origin: ORIGIN,
  retryOf: TEXT_OR_NULL,
  createdAt: INSTANT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  errorMessage: TEXT_OR_NULL,
}

export const EXECUTION_LIST = listOf(v.strictObject({ ...SUMMARY, version: v.string() }))

export const EXECUTION = v.strictObject({
  ...SUMMARY,
  pausedAt: INSTANT_OR_NULL,
  cancelRequestedAt: INSTANT_OR_NULL,
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
  trigger: v.optional(v.pipe(v.string(), v.description('those that a trigger of this name started'))),
  since: v.optional(
    v.pipe(
      v.string(),
      v.isoTimestamp('an RFC 3339 instant such as 2026-01-31T08:00:00Z is needed'),
      v.description('those created then or later'),
      v.transform(Date.parse),
    ),
  ),
})

export const ATTEMPT_QUERY = v.strictObject({ task: v.optional(v.string()) })

export const START = v.strictObject({
  workflow: v.string(),
  context: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('kept to the letter'))),
})
export const STARTED = v.strictObject({ id: v.string() })

export const STEER = v.strictObject(NOTED)
export const CANCEL = v.strictObject({
  ...NOTED,
  wait: v.optional(v.pipe(v.boolean(), v.description('let the tasks that run end by themselves'))),
})
export const RETRY = v.strictObject({
  ...NOTED,
  from: v.optional(v.pipe(v.string(), v.description('run this task and all that come after it'))),
  all: v.optional(v.pipe(v.boolean(), v.description('run everything'))),
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
