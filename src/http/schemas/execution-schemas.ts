/** Executions, their tasks and attempts, and actions of users. */

import * as v from 'valibot'
import { ACTION_TARGET_KINDS } from '../../model/action.ts'
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../model/limits/limits.ts'
import { MILLISECONDS, wholeNumberAtLeast } from '../../options/schemas.ts'
import {
  barCount,
  COUNT,
  INSTANT,
  INSTANT_OR_NULL,
  listSchema,
  NOTE_FIELD,
  NUMBER_OR_NULL,
  PAGE,
  TEXT_OR_NULL,
  TIME_FIELDS,
} from './shared-schemas.ts'
import { EXECUTION_WAIT, OPEN_WAIT } from './wait-schemas.ts'

export const EXECUTION_STATUS = v.picklist(['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused'])

export const TASK_STATUS = v.picklist([
  'NotStarted',
  'Ready',
  'Running',
  'Waiting',
  'Completed',
  'Failed',
  'Skipped',
  'Cancelled',
])

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
  v.strictObject({
    kind: v.literal('child'),
    parent: v.pipe(v.string(), v.description('id of the execution whose task started it')),
    task: v.string(),
  }),
  v.strictObject({ kind: v.literal('backfill'), schedule: v.string(), trigger: TEXT_OR_NULL, backfillId: v.string() }),
  v.strictObject({
    kind: v.literal('refire'),
    trigger: v.string(),
    firingId: v.pipe(v.string(), v.description('firing that is started again')),
    refireId: v.string(),
  }),
])

const FAULT = v.strictObject({ type: v.string(), message: v.string(), traceback: v.string() })

const ATTEMPT = v.strictObject({
  attempt: COUNT,
  outcome: v.picklist(['completed', 'failed', 'timedOut', 'lost', 'cancelled']),
  queuedAt: INSTANT_OR_NULL,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT,
  error: v.nullable(FAULT),
})

const TASK = v.strictObject({
  id: v.string(),
  status: TASK_STATUS,
  attempts: COUNT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  notBeforeAt: v.pipe(INSTANT_OR_NULL, v.description('earliest start of the next attempt')),
  error: v.pipe(TEXT_OR_NULL, v.description('message of the failure, or reason why the task was skipped')),
  traceback: v.string(),
  waitingFor: v.pipe(
    v.nullable(OPEN_WAIT),
    v.description(
      'open wait of a node, or of a task that is parked or has no slot of a limit; null unless the status is `Waiting`',
    ),
  ),
  outputBytes: v.pipe(NUMBER_OR_NULL, v.description('size of the output context, in bytes of UTF-8')),
  history: v.array(ATTEMPT),
})

const SUMMARY = {
  id: v.string(),
  workflow: v.string(),
  status: EXECUTION_STATUS,
  origin: ORIGIN,
  retryOf: TEXT_OR_NULL,
  priority: v.pipe(v.number(), v.description('from -100 to 100; executions with a higher one begin first')),
  version: v.string(),
  createdAt: INSTANT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
  waitingFor: v.pipe(
    v.nullable(EXECUTION_WAIT),
    v.description(
      'oldest open wait of its tasks; or kind `limit` if `max_active` of its workflow or trigger is reached; or kind ' +
        '`engine` if it is 5 s old and no running engine has its workflow',
    ),
  ),
  errorMessage: TEXT_OR_NULL,
  cause: v.pipe(TEXT_OR_NULL, v.description('first failed task and its error; null unless the status is Failed')),
}

export const EXECUTION_LIST = listSchema(v.strictObject(SUMMARY))

export const EXECUTION = v.strictObject({
  ...SUMMARY,
  pausedAt: INSTANT_OR_NULL,
  cancelRequestedAt: INSTANT_OR_NULL,
  inputBytes: v.pipe(COUNT, v.description('size of the input context, in bytes of UTF-8')),
  contextBytes: v.pipe(COUNT, v.description('size of the context at `/executions/{id}/context`, in bytes of UTF-8')),
  tasks: v.array(TASK),
  children: v.pipe(
    v.array(
      v.strictObject({
        task: v.string(),
        key: v.string(),
        id: v.string(),
        workflow: v.string(),
        status: v.pipe(v.nullable(EXECUTION_STATUS), v.description('null if the child has been removed')),
      }),
    ),
    v.description('executions that tasks of the execution, or of those that it retries, have started'),
  ),
})

export const TASK_LIST = listSchema(TASK)
export const ATTEMPT_LIST = listSchema(v.strictObject({ task: v.string(), ...ATTEMPT.entries }))

export const ACTION_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    kind: v.string(),
    target: v.string(),
    targetKind: v.picklist(ACTION_TARGET_KINDS),
    targetName: v.pipe(v.string(), v.description('name or id of the target, without its kind')),
    source: v.picklist(['cli', 'node', 'http', 'python', 'engine']),
    note: TEXT_OR_NULL,
    at: INSTANT,
    answeredAt: INSTANT_OR_NULL,
    isRefused: v.nullable(v.boolean()),
    refusal: v.pipe(TEXT_OR_NULL, v.description('reason why the action was refused; otherwise null')),
  }),
)

export const EXECUTION_QUERY = v.strictObject({
  ...PAGE,
  status: v.optional(EXECUTION_STATUS),
  workflow: v.optional(v.string()),
  trigger: v.optional(v.pipe(v.string(), v.description('include only executions that this trigger started'))),
  retryOf: v.optional(v.pipe(v.string(), v.description('include only retries of this execution'))),
  ...TIME_FIELDS,
})

const COUNT_FILTER = {
  workflow: v.optional(v.string()),
  trigger: v.optional(v.string()),
  ...TIME_FIELDS,
}

export const COUNT_QUERY = v.strictObject(COUNT_FILTER)

const BY_STATUS = v.record(EXECUTION_STATUS, COUNT)

export const COUNTS = v.strictObject({
  counts: BY_STATUS,
  atLeast: v.pipe(
    v.array(EXECUTION_STATUS),
    v.description('statuses whose count is only a minimum, because counting stops at a limit'),
  ),
})

export const TREND_QUERY = v.strictObject({ ...COUNT_FILTER, bars: barCount(24) })

export const ATTEMPT_QUERY = v.strictObject({ task: v.optional(v.string()) })

export const START_EXECUTION = v.strictObject({
  workflow: v.string(),
  context: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('input context, stored unchanged'))),
  priority: v.optional(
    v.pipe(
      wholeNumberAtLeast(LOWEST_PRIORITY, HIGHEST_PRIORITY),
      v.description('executions with a higher priority begin first; default: that of the workflow'),
    ),
  ),
})
export const STARTED = v.strictObject({ id: v.string() })

export const STEER = v.strictObject(NOTE_FIELD)
export const CANCEL = v.strictObject({
  ...NOTE_FIELD,
  wait: v.optional(v.pipe(v.boolean(), v.description('let running tasks finish instead of stopping them'))),
})
export const RETRY = v.strictObject({
  ...NOTE_FIELD,
  from: v.optional(v.pipe(v.string(), v.description('task that runs again, together with all tasks after it'))),
  all: v.optional(v.pipe(v.boolean(), v.description('run all tasks again'))),
  keepOnce: v.optional(
    v.pipe(
      v.boolean(),
      v.description('with `from` or `all`, keep the results of `once` and the children of these tasks'),
    ),
  ),
})

export const PRUNE = v.strictObject({
  ...NOTE_FIELD,
  olderThanMs: v.pipe(MILLISECONDS, v.description('minimum time since the end of an execution, in milliseconds')),
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
