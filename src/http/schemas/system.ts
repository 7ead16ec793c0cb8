/** Who serves a database, and how it goes. */

import * as v from 'valibot'
import { ALERT_KINDS } from '../../model/alert.ts'
import { COUNT, INSTANT, INSTANT_OR_NULL, listOf, TEXT_OR_NULL } from './parts.ts'

const INSTANCE = v.strictObject({
  id: v.string(),
  host: v.string(),
  pid: COUNT,
  state: v.picklist(['dead', 'serving', 'standby', 'idle']),
  triggers: COUNT,
  executions: COUNT,
  sources: COUNT,
  openedAt: INSTANT,
  heartbeatAt: INSTANT,
})

const NAMES = v.array(v.string())
const SUBSCRIPTIONS = v.array(v.strictObject({ reactor: v.string(), workflow: v.string(), tenant: v.string() }))

export const INSTANCE_LIST = listOf(INSTANCE)

export const STATUS_OF_ALL = v.strictObject({
  instances: v.array(INSTANCE),
  triggers: v.strictObject({
    all: v.pipe(COUNT, v.description('number of polled triggers and cron triggers')),
    enabled: COUNT,
    late: NAMES,
    failing: NAMES,
    broken: v.pipe(
      NAMES,
      v.description('cron triggers that never fire, because their expression or time zone is invalid'),
    ),
    undeclared: NAMES,
  }),
  executions: v.pipe(v.record(v.string(), COUNT), v.description('number of executions in each status')),
  waiting: v.pipe(
    v.array(
      v.strictObject({
        waitingFor: v.strictObject({ kind: v.literal('engine'), workflow: v.string() }),
        executions: COUNT,
      }),
    ),
    v.description('number of waiting executions of each workflow that no running engine has'),
  ),
  atLeast: v.pipe(
    v.array(v.string()),
    v.description('statuses whose count is only a minimum, because counting stops at a limit'),
  ),
  lastFailures: v.array(
    v.strictObject({ id: v.string(), workflow: v.string(), endedAt: INSTANT_OR_NULL, errorMessage: TEXT_OR_NULL }),
  ),
  sources: v.strictObject({
    all: COUNT,
    waitingEvents: v.pipe(COUNT, v.description('number of accepted events that are not accumulated yet')),
    undeclared: NAMES,
  }),
  reactors: v.strictObject({
    all: COUNT,
    waiting: v.pipe(NAMES, v.description('`when_all` reactors that wait for some sources after others have delivered')),
  }),
  subscriptions: v.strictObject({ all: COUNT, degraded: SUBSCRIPTIONS, paused: SUBSCRIPTIONS }),
})

export const ALERT_LIST = listOf(
  v.strictObject({
    id: v.string(),
    kind: v.picklist(ALERT_KINDS),
    subject: v.pipe(
      TEXT_OR_NULL,
      v.description('id of an execution or schedule, name of a trigger, or path of a script; null for the database'),
    ),
    message: v.string(),
    at: INSTANT,
    deliveries: v.array(
      v.strictObject({
        to: v.picklist(['url', 'command']),
        outcome: v.picklist(['pending', 'delivered', 'failed']),
        attempts: COUNT,
        error: TEXT_OR_NULL,
        endedAt: INSTANT_OR_NULL,
      }),
    ),
  }),
)
