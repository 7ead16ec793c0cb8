/** Workflows and the graph of their tasks. */

import * as v from 'valibot'
import type { TriggerRule } from '../../model/workflow.ts'
import { EXECUTION_STATUS, TASK_STATUS } from './execution-schemas.ts'
import { COUNT, INSTANT, INSTANT_OR_NULL, listSchema, NUMBER_OR_NULL, PLACE } from './shared-schemas.ts'
import { DECLARED_WAIT } from './wait-schemas.ts'

/** The JSON schema has only the type, because rules are nested. */
const RULE = v.pipe(
  v.looseObject({ type: v.string() }),
  v.description('condition for running the task; `type` is Always, TaskSuccess, ContextValue, All, …'),
) as unknown as v.GenericSchema<TriggerRule>

const TASK = v.strictObject({
  id: v.string(),
  fullName: v.string(),
  dependencies: v.array(v.string()),
  retry: v.strictObject({
    maxAttempts: COUNT,
    backoff: v.looseObject({ kind: v.string() }),
    initialDelayMs: v.number(),
    maxDelayMs: v.number(),
    jitter: v.boolean(),
    condition: v.looseObject({ kind: v.string() }),
  }),
  timeoutMs: NUMBER_OR_NULL,
  deadlineMs: v.optional(
    v.pipe(v.number(), v.description('time after the task was ready; an alert is sent if the task has not ended')),
  ),
  rule: RULE,
  hasOwnRule: v.optional(v.pipe(v.literal(true), v.description('true if the code gives the rule'))),
  wait: v.optional(v.pipe(DECLARED_WAIT, v.description('set for a node, which waits instead of calling a function'))),
  limits: v.optional(v.pipe(v.array(v.string()), v.description('limits; each attempt takes a slot of each of them'))),
  place: PLACE,
  invokes: v.optional(v.pipe(v.string(), v.description('computation graph that the task invokes'))),
  runs: v.optional(
    v.pipe(
      v.strictObject({
        script: v.string(),
        workflow: v.pipe(
          v.nullable(v.string()),
          v.description('workflow in the other script; null if the task may be in any of its workflows'),
        ),
        taskId: v.string(),
      }),
      v.description('task of another script that this task runs'),
    ),
  ),
})

const HEAD = {
  key: v.string(),
  title: v.string(),
  description: v.string(),
  tags: v.record(v.string(), v.string()),
  tenant: v.string(),
  package: v.string(),
  version: v.string(),
  script: v.string(),
  place: PLACE,
  deadlineMs: v.optional(
    v.pipe(v.number(), v.description('time after the acceptance; an alert is sent if the execution has not ended')),
  ),
  doneBy: v.optional(
    v.pipe(
      v.strictObject({ time: v.string(), timezone: v.string() }),
      v.description('time of day; an alert is sent if no execution of the day before it has completed'),
    ),
  ),
  limit: v.optional(
    v.pipe(
      v.strictObject({
        maxActive: COUNT,
        per: v.nullable(v.string()),
        overflow: v.picklist(['queue', 'drop', 'newest']),
      }),
      v.description('limit of its executions at the same time, for each value of `per`'),
    ),
  ),
  priority: v.optional(v.pipe(v.number(), v.description('priority of its executions, from -100 to 100'))),
  checksInput: v.optional(v.pipe(v.literal(true), v.description('true if the code validates the input of executions'))),
}

export const WORKFLOW_LIST = listSchema(v.strictObject({ ...HEAD, taskCount: COUNT }))

export const WORKFLOW = v.strictObject({
  ...HEAD,
  inputSchema: v.optional(
    v.pipe(
      v.record(v.string(), v.unknown()),
      v.description('JSON Schema of the input, if the code validates the input and JSON Schema can express it'),
    ),
  ),
  tasks: v.pipe(v.array(TASK), v.description('each task comes after its dependencies')),
  graph: v.strictObject({
    nodes: v.array(v.string()),
    edges: v.array(v.strictObject({ from: v.string(), to: v.string() })),
  }),
})

const QUANTILES = v.strictObject({ p50Ms: NUMBER_OR_NULL, p95Ms: NUMBER_OR_NULL })

export const WORKFLOW_STATS = v.strictObject({
  workflow: v.string(),
  executions: v.pipe(COUNT, v.description('number of newest executions that the statistics cover')),
  attempts: COUNT,
  byStatus: v.record(v.string(), COUNT),
  duration: v.pipe(QUANTILES, v.description('duration of completed executions')),
  tasks: v.array(
    v.strictObject({
      task: v.string(),
      completed: COUNT,
      failed: COUNT,
      duration: v.pipe(QUANTILES, v.description('duration of completed attempts')),
      queueWait: v.pipe(QUANTILES, v.description('time from when the task was ready until it started')),
    }),
  ),
  versions: v.array(v.strictObject({ version: v.string(), executions: COUNT, firstAt: INSTANT, lastAt: INSTANT })),
})

const RECENT = {
  id: v.string(),
  status: EXECUTION_STATUS,
  createdAt: INSTANT,
  startedAt: INSTANT_OR_NULL,
  endedAt: INSTANT_OR_NULL,
}

export const WORKFLOW_SUMMARY_LIST = listSchema(
  v.strictObject({
    key: v.string(),
    title: v.string(),
    description: v.string(),
    tags: v.record(v.string(), v.string()),
    script: v.string(),
    place: PLACE,
    taskCount: COUNT,
    executions: v.pipe(COUNT, v.description('number of newest executions in the statistics, at most 50')),
    byStatus: v.record(v.string(), COUNT),
    duration: v.pipe(QUANTILES, v.description('duration of completed executions')),
    newest: v.pipe(v.array(v.strictObject(RECENT)), v.description('the newest executions, at most 20, newest first')),
  }),
)

export const WORKFLOW_EXECUTIONS = v.strictObject({
  items: v.array(
    v.strictObject({
      ...RECENT,
      tasks: v.array(
        v.strictObject({
          id: v.string(),
          status: TASK_STATUS,
          attempts: COUNT,
          startedAt: INSTANT_OR_NULL,
          endedAt: INSTANT_OR_NULL,
        }),
      ),
    }),
  ),
})
