/** `/api/v1/workflows`: all workflows that were ever served on the database, with the graphs of their tasks. */

import * as v from 'valibot'
import type { WorkflowSummary } from '../../engine/services/workflows/workflow-summaries.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { executionTasksRecord, statsRecord, summaryRecord } from '../../runner/records/overviews.ts'
import { pageAfter, pageByOffset } from '../answer-pages.ts'
import { contextBody, type Operation, readOperation } from '../operations.ts'
import { STARTED } from '../schemas/execution-schemas.ts'
import { numberText, PAGE } from '../schemas/shared-schemas.ts'
import {
  WORKFLOW,
  WORKFLOW_EXECUTIONS,
  WORKFLOW_LIST,
  WORKFLOW_STATS,
  WORKFLOW_SUMMARY_LIST,
} from '../schemas/workflow-schemas.ts'
import { started } from './start-key.ts'

const tag = 'workflows'

export const WORKFLOW_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/workflows',
    tag,
    summary: 'List the newest definition of each workflow, sorted by name',
    query: v.strictObject(PAGE),
    answer: WORKFLOW_LIST,
    handle: ({ runner, query }) =>
      pageByOffset(
        query,
        ({ key }: WorkflowDefinition) => key,
        ({ tasks, inputSchema: _, ...head }) => ({ ...head, taskCount: tasks.length }),
        async ({ limit, offset }) => (await runner.workflows.list()).slice(offset, offset + limit),
      ),
  }),
  readOperation({
    path: '/workflows/{name}',
    tag,
    summary: 'Get a workflow with its tasks and their graph',
    answer: WORKFLOW,
    handle: async ({ runner, param }) => withGraph(await runner.workflows.get(param('name'))),
  }),
  readOperation({
    path: '/workflows/{name}/stats',
    tag,
    summary: 'Get statistics of the newest executions of a workflow: durations, outcomes, tasks and versions',
    answer: WORKFLOW_STATS,
    handle: async ({ runner, param }) => statsRecord(await runner.workflows.stats(param('name'))),
  }),
  readOperation({
    path: '/workflow-summaries',
    tag,
    summary: 'List workflows with their newest executions and statistics of these, sorted by name',
    query: v.strictObject(PAGE),
    isShared: true,
    answer: WORKFLOW_SUMMARY_LIST,
    handle: ({ runner, query }) =>
      pageAfter(
        query,
        ({ definition }: WorkflowSummary) => definition.key,
        summaryRecord,
        (page) => runner.workflows.summaries(page),
      ),
  }),
  readOperation({
    path: '/workflows/{name}/executions',
    tag,
    summary: 'List the newest executions of a workflow with the states of their tasks, newest first',
    query: v.strictObject({ limit: v.optional(numberText(/^\d{1,3}$/, 1, 100), '50') }),
    answer: WORKFLOW_EXECUTIONS,
    handle: async ({ runner, param, query: { limit } }) => {
      return { items: (await runner.workflows.executions(param('name'), { limit })).map(executionTasksRecord) }
    },
  }),
  contextBody({
    path: '/workflows/{name}/executions',
    tag,
    summary: 'Start an execution of the workflow; the body is the input context, stored unchanged',
    acceptsKey: true,
    answer: STARTED,
    status: 201,
    handle: ({ runner, param, bodyText, key }) => started(runner, param('name'), bodyText, { key }),
  }),
]

function withGraph(workflow: WorkflowDefinition) {
  const edges = workflow.tasks.flatMap(({ id, dependencies }) => dependencies.map((from) => ({ from, to: id })))
  return { ...workflow, graph: { nodes: workflow.tasks.map(({ id }) => id), edges } }
}
