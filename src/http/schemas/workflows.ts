/** Workflows and the graph of their tasks. */

import * as v from 'valibot'
import type { TriggerRule } from '../../model/workflow.ts'
import { COUNT, INSTANT, listOf, NUMBER_OR_NULL, PLACE } from './parts.ts'

/** Its JSON schema names only the type: rules are nested. */
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
  rule: RULE,
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
  checksInput: v.optional(v.pipe(v.literal(true), v.description('true if the code validates the input of executions'))),
}

export const WORKFLOW_LIST = listOf(v.strictObject({ ...HEAD, taskCount: COUNT }))

export const WORKFLOW = v.strictObject({
  ...HEAD,
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
