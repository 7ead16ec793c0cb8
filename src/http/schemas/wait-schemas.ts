/** Signals, approvals, and the open waits of executions. */

import * as v from 'valibot'
import { LIMIT_VALUE } from './limit-schemas.ts'
import {
  COUNT,
  INSTANT,
  INSTANT_OR_NULL,
  LENGTH_OR_NULL,
  listSchema,
  NOTE_FIELD,
  NUMBER_OR_NULL,
  PAGE,
  SHORT_TEXT,
  TEXT_OR_NULL,
} from './shared-schemas.ts'

const NODE_WAIT = {
  node: v.pipe(v.string(), v.description('id of the node that waits')),
  since: INSTANT,
}
const UNTIL = { until: v.pipe(INSTANT_OR_NULL, v.description('time at which the wait times out; null for never')) }

const LIMIT_WAIT = {
  limit: v.pipe(
    v.string(),
    v.description('name of the limit: `workflow:NAME` of a workflow, or `trigger:NAME` for `max_active` of a trigger'),
  ),
  value: v.pipe(LIMIT_VALUE, v.description('value of `per`; null without `per`')),
  slots: v.pipe(NUMBER_OR_NULL, v.description('maximum at the same time; null if the limit has only a rate')),
  heldBy: v.pipe(v.array(v.string()), v.description('ids of executions that use the slots, at most ten')),
}

const NODE_WAITS = [
  v.strictObject({ kind: v.literal('delay'), ...NODE_WAIT, until: INSTANT }),
  v.strictObject({
    kind: v.literal('signal'),
    ...NODE_WAIT,
    signal: v.string(),
    key: v.pipe(v.string(), v.description('key of the signal; empty if the node has no key')),
    ...UNTIL,
  }),
  v.strictObject({
    kind: v.literal('approval'),
    ...NODE_WAIT,
    approvalId: v.string(),
    title: v.string(),
    ...UNTIL,
  }),
  v.strictObject({
    kind: v.literal('child'),
    ...NODE_WAIT,
    executionId: v.pipe(v.string(), v.description('id of the child execution')),
    until: v.null(),
  }),
] as const

const TASK_LIMIT_WAIT = v.strictObject({
  kind: v.literal('limit'),
  ...NODE_WAIT,
  ...LIMIT_WAIT,
  until: v.pipe(INSTANT_OR_NULL, v.description('time at which a slot may be free; null if it depends on others')),
})

/** Open wait of a node, or of a task that waits for a child. */
export const OPEN_WAIT = v.variant('kind', [...NODE_WAITS, TASK_LIMIT_WAIT])

/** Wait of an execution: the oldest open wait of its nodes, or the reason why no engine runs it. */
export const EXECUTION_WAIT = v.variant('kind', [
  ...NODE_WAITS,
  TASK_LIMIT_WAIT,
  v.strictObject({ kind: v.literal('limit'), ...LIMIT_WAIT }),
  v.strictObject({ kind: v.literal('engine'), workflow: v.string() }),
])

const TIME_LIMIT = {
  timeoutMs: v.pipe(NUMBER_OR_NULL, v.description('time after which the wait ends; null for never')),
  onTimeout: v.pipe(
    v.picklist(['fail', 'skip', 'continue']),
    v.description('whether the node fails, is skipped, or completes with null after the timeout'),
  ),
}

/** Wait that the code declares for a node. */
export const DECLARED_WAIT = v.variant('kind', [
  v.strictObject({
    kind: v.literal('delay'),
    end: v.variant('kind', [
      v.strictObject({ kind: v.literal('after'), ms: v.number() }),
      v.strictObject({
        kind: v.literal('until'),
        time: v.strictObject({ time: v.string(), timezone: v.string() }),
      }),
    ]),
  }),
  v.strictObject({
    kind: v.literal('signal'),
    signal: v.string(),
    key: v.pipe(v.string(), v.description('template of the key, such as `{order_id}`')),
    payload: v.optional(
      v.pipe(v.record(v.string(), v.unknown()), v.description('JSON Schema of the payload; default: any JSON')),
    ),
    ...TIME_LIMIT,
  }),
  v.strictObject({
    kind: v.literal('approval'),
    title: v.pipe(v.string(), v.description('template of the title')),
    form: v.nullable(v.record(v.string(), v.unknown())),
    ...TIME_LIMIT,
  }),
])

const SIGNAL_STATE = v.pipe(
  v.picklist(['used', 'kept']),
  v.description('`used` if waits used the signal; `kept` if the next wait for it uses it'),
)
const EXECUTIONS = v.pipe(v.array(v.string()), v.description('ids of the executions whose waits used the signal'))

export const SEND_SIGNAL = v.strictObject({
  ...NOTE_FIELD,
  key: v.optional(v.pipe(v.string(), v.description('key of the waits that use the signal; default: the empty key'))),
  payload: v.optional(v.pipe(v.unknown(), v.description('any JSON of at most 1 MiB, stored unchanged; default: null'))),
  id: v.optional(v.pipe(v.string(), v.description('id of the signal; a request with a known id sends nothing'))),
})

export const SENT_SIGNAL = v.strictObject({ id: v.string(), state: SIGNAL_STATE, executions: EXECUTIONS })

export const SIGNAL_QUERY = v.strictObject({
  ...PAGE,
  name: v.optional(v.string()),
  key: v.optional(v.string()),
  state: v.optional(v.picklist(['used', 'kept'])),
})

export const SIGNAL_LIST = listSchema(
  v.strictObject({
    id: v.string(),
    name: v.string(),
    key: v.string(),
    state: SIGNAL_STATE,
    executions: EXECUTIONS,
    source: v.pipe(
      v.string(),
      v.description('interface of the sender, and on the command line the user of the system'),
    ),
    sentAt: INSTANT,
    usedAt: INSTANT_OR_NULL,
    payloadText: SHORT_TEXT,
    payloadLength: LENGTH_OR_NULL,
  }),
)

const VALUES = v.record(v.string(), v.unknown())

export const APPROVAL = v.strictObject({
  id: v.string(),
  executionId: v.string(),
  workflow: v.string(),
  node: v.string(),
  title: v.string(),
  form: v.pipe(v.nullable(VALUES), v.description('JSON Schema of the values; null if the approval has no form')),
  createdAt: INSTANT,
  expiresAt: INSTANT_OR_NULL,
  state: v.picklist(['open', 'answered', 'expired', 'cancelled']),
  answer: v.nullable(
    v.strictObject({
      approved: v.boolean(),
      values: VALUES,
      by: v.pipe(v.string(), v.description('interface of the answer, and on the command line the user of the system')),
      at: INSTANT,
      note: TEXT_OR_NULL,
    }),
  ),
})

export const APPROVAL_LIST = listSchema(APPROVAL)

export const APPROVAL_QUERY = v.strictObject({
  ...PAGE,
  state: v.optional(v.picklist(['open', 'answered', 'expired', 'cancelled', 'all']), 'open'),
  workflow: v.optional(v.string()),
})

export const APPROVAL_COUNTS = v.strictObject({ open: v.pipe(COUNT, v.description('number of open approvals')) })

/** The numbers of the values stay unchanged. */
export const APPROVAL_ANSWER = v.strictObject({
  ...NOTE_FIELD,
  values: v.optional(v.pipe(VALUES, v.description('values for the form; default: {}'))),
})
