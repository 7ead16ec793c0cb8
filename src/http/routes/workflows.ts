/** `/api/v1/workflows`: every workflow that was ever served on the database, and the graph of its tasks. */

import * as v from 'valibot'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { statsRecord } from '../../runner/records/overviews.ts'
import { type Operation, reading, sendingContext } from '../operations.ts'
import { pageByOffset } from '../pages.ts'
import { STARTED } from '../schemas/executions.ts'
import { PAGE } from '../schemas/parts.ts'
import { WORKFLOW, WORKFLOW_LIST, WORKFLOW_STATS } from '../schemas/workflows.ts'

const tag = 'workflows'

export const WORKFLOW_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/workflows',
    tag,
    summary: 'List the newest definition of each workflow, sorted by name',
    query: v.strictObject(PAGE),
    answer: WORKFLOW_LIST,
    handle: ({ runner, query }) =>
      pageByOffset(
        query,
        ({ key }: WorkflowDefinition) => key,
        ({ tasks, ...head }) => ({ ...head, taskCount: tasks.length }),
        async ({ limit, offset }) => (await runner.workflows.list()).slice(offset, offset + limit),
      ),
  }),
  reading({
    path: '/workflows/{name}',
    tag,
    summary: 'Get a workflow with its tasks and their graph',
    answer: WORKFLOW,
    handle: async ({ runner, param }) => withGraph(await runner.workflows.get(param('name'))),
  }),
  reading({
    path: '/workflows/{name}/stats',
    tag,
    summary: 'Get statistics of the newest executions of a workflow: durations, outcomes, tasks and versions',
    answer: WORKFLOW_STATS,
    handle: async ({ runner, param }) => statsRecord(await runner.workflows.stats(param('name'))),
  }),
  sendingContext({
    path: '/workflows/{name}/executions',
    tag,
    summary: 'Start an execution of the workflow; the body is the input context, stored unchanged',
    answer: STARTED,
    status: 201,
    handle: async ({ runner, param, bodyText }) => ({
      id: await runner.workflows.submitText(param('name'), bodyText ?? '{}'),
    }),
  }),
]

function withGraph(workflow: WorkflowDefinition) {
  const edges = workflow.tasks.flatMap(({ id, dependencies }) => dependencies.map((from) => ({ from, to: id })))
  return { ...workflow, graph: { nodes: workflow.tasks.map(({ id }) => id), edges } }
}
