/** Engines of a database and their health. */

import * as v from 'valibot'
import { ALERT_KINDS, ALERT_STATES } from '../../model/alert.ts'
import { ATTENTION_KINDS } from '../../runner/records/attention/attention-records.ts'
import { COUNT, INSTANT, INSTANT_OR_NULL, listSchema, PAGE, QUERY_FLAG, TEXT_OR_NULL } from './shared-schemas.ts'

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

export const INSTANCE_LIST = listSchema(INSTANCE)

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
    v.strictObject({
      ...{ id: v.string(), workflow: v.string(), endedAt: INSTANT_OR_NULL },
      ...{ errorMessage: TEXT_OR_NULL, cause: TEXT_OR_NULL },
    }),
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

export const ALERT_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    kind: v.picklist(ALERT_KINDS),
    state: v.picklist(ALERT_STATES),
    subject: v.pipe(
      TEXT_OR_NULL,
      v.description('id of an execution or schedule, name of a trigger, or path of a script; null for the database'),
    ),
    message: v.string(),
    at: INSTANT,
    since: v.pipe(INSTANT, v.description('time at which the incident was opened')),
    count: v.pipe(COUNT, v.description('number of failures since the incident was opened')),
    ...{ workflow: TEXT_OR_NULL, trigger: TEXT_OR_NULL, task: TEXT_OR_NULL },
    ...{ errorType: TEXT_OR_NULL, cause: TEXT_OR_NULL, executionId: TEXT_OR_NULL },
    deliveries: v.array(
      v.strictObject({
        receiver: v.pipe(v.string(), v.description('name of the receiver in the settings')),
        to: v.picklist(['url', 'command']),
        outcome: v.picklist(['pending', 'delivered', 'failed']),
        attempts: COUNT,
        response: v.pipe(TEXT_OR_NULL, v.description('response to the last attempt, such as `status 204`')),
        error: TEXT_OR_NULL,
        endedAt: INSTANT_OR_NULL,
      }),
    ),
  }),
)

export const INCIDENT_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    kind: v.picklist(ALERT_KINDS),
    subject: v.pipe(
      v.string(),
      v.description('name of a workflow or trigger, path of a script, or id of an engine; empty for the database'),
    ),
    openedAt: INSTANT,
    lastAt: v.pipe(INSTANT, v.description('time of the last failure')),
    count: v.pipe(COUNT, v.description('number of failures since the incident was opened')),
    endedAt: v.pipe(INSTANT_OR_NULL, v.description('null while the incident is open')),
  }),
)

export const ATTENTION = v.strictObject({
  items: v.array(
    v.strictObject({
      kind: v.picklist(ATTENTION_KINDS),
      subject: v.pipe(
        v.string(),
        v.description(
          'name of a trigger, workflow or reactor, id of an engine or approval, path of a script; empty: the database',
        ),
      ),
      workflow: TEXT_OR_NULL,
      executionId: TEXT_OR_NULL,
      at: v.pipe(INSTANT_OR_NULL, v.description('time of the last failure; null if it is unknown')),
      count: v.pipe(COUNT, v.description('number of failures, or of waiting executions')),
      cause: v.pipe(TEXT_OR_NULL, v.description('error of the last failure, or title of an approval')),
      isOver: v.pipe(v.boolean(), v.description('true if an execution of the workflow has completed since')),
    }),
  ),
  counts: v.pipe(v.record(v.string(), COUNT), v.description('number of problems of each kind')),
})

export const INCIDENT_QUERY = v.strictObject({
  ...PAGE,
  open: v.pipe(v.optional(QUERY_FLAG), v.description('`true`: only incidents that have not ended')),
})

export const SEARCH_QUERY = v.strictObject({
  q: v.pipe(v.optional(v.string(), ''), v.description('words of a name in their order, or the beginning of an id')),
  limit: v.optional(PAGE.limit.wrapped, '20'),
})

export const SEARCH_RESULTS = v.strictObject({
  items: v.array(
    v.strictObject({
      kind: v.picklist([
        ...(['execution', 'trigger', 'cron trigger', 'schedule', 'workflow'] as const),
        ...(['reactor', 'source', 'graph', 'approval'] as const),
      ]),
      id: v.pipe(v.string(), v.description('id of an execution, schedule or approval; otherwise the name')),
      title: v.pipe(
        v.string(),
        v.description('name or title; workflow of an execution, or of a schedule that has no name'),
      ),
      workflow: TEXT_OR_NULL,
      status: v.pipe(TEXT_OR_NULL, v.description('status of an execution; otherwise null')),
      createdAt: INSTANT_OR_NULL,
    }),
  ),
})

export const DATABASE_COUNTS = v.strictObject({
  openApprovals: COUNT,
  openIncidents: v.pipe(COUNT, v.description('number of incidents that have not ended')),
  reactors: COUNT,
  sources: COUNT,
  graphs: v.pipe(COUNT, v.description('number of computation graphs')),
})
