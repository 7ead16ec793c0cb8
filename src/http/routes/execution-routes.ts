/** `/api/v1/executions`: executions and actions on them. */

import { formatInstant } from '../../model/time/instant.ts'
import { actionRecord, attemptRecord, childRecord, summaryRecord } from '../../runner/records/execution-records.ts'
import { countsRecord, overviewRecord, taskOverviewRecords, trendRecord } from '../../runner/records/overviews.ts'
import type { Runner } from '../../runner/runner.ts'
import { pageAfter } from '../answer-pages.ts'
import { storedContext, storedOutput, storedTaskInput } from '../context-answers.ts'
import { CONTEXT_TEXT, type Operation, readOperation, withoutUndefined, writeOperation } from '../operations.ts'
import * as schema from '../schemas/execution-schemas.ts'
import { TREND } from '../schemas/shared-schemas.ts'
import { started } from './start-key.ts'

const tag = 'executions'
/** Cancelled tasks have 5 s for their `finally` blocks. */
const CANCELLED_WITHIN_MS = 10_000

const READS: readonly Operation[] = [
  readOperation({
    path: '/executions',
    tag,
    summary: 'List executions, newest first',
    query: schema.EXECUTION_QUERY,
    answer: schema.EXECUTION_LIST,
    handle: ({ runner, query: { since, until, limit, cursor, ...filter } }) =>
      pageAfter(
        { limit, cursor },
        ({ id }: { readonly id: string }) => id,
        summaryRecord,
        (page) =>
          runner.executions.list({
            ...withoutUndefined(filter),
            ...withoutUndefined({ sinceAt: since, untilAt: until }),
            ...page,
          }),
      ),
  }),
  readOperation({
    path: '/executions/counts',
    tag,
    summary: 'Count executions by status; large counts are only minimums (see `atLeast`)',
    query: schema.COUNT_QUERY,
    answer: schema.COUNTS,
    handle: async ({ runner, query: { since, until, ...filter } }) =>
      countsRecord(
        await runner.executions.counts({
          ...withoutUndefined(filter),
          ...withoutUndefined({ sinceAt: since, untilAt: until }),
        }),
      ),
  }),
  readOperation({
    path: '/executions/trend',
    tag,
    summary: 'Count executions by creation time and current status; default: the last 24 hours',
    query: schema.TREND_QUERY,
    answer: TREND,
    isShared: true,
    handle: async ({ runner, query: { since, until, ...filter } }) => {
      const untilAt = until ?? runner.now()
      const bars = await runner.executions.trend({
        ...withoutUndefined(filter),
        ...withoutUndefined({ sinceAt: since }),
        untilAt,
      })
      return { items: bars.map(trendRecord), until: formatInstant(untilAt) }
    },
  }),
  readOperation({
    path: '/executions/{id}',
    tag,
    summary: 'Get an execution with its tasks and attempts, without contexts',
    answer: schema.EXECUTION,
    handle: async ({ runner, param }) => {
      const id = param('id')
      const overview = overviewRecord(...(await overviewParts(runner, id)))
      return { ...overview, children: (await runner.executions.children(id)).map(childRecord) }
    },
  }),
  readOperation({
    path: '/executions/{id}/tasks',
    tag,
    summary: 'List the tasks of an execution with their attempts',
    answer: schema.TASK_LIST,
    handle: async ({ runner, param }) => {
      const id = param('id')
      return whole(taskOverviewRecords(...(await overviewParts(runner, id))))
    },
  }),
  readOperation({
    path: '/executions/{id}/attempts',
    tag,
    summary: 'List the ended attempts of an execution, in the order in which they ended',
    query: schema.ATTEMPT_QUERY,
    answer: schema.ATTEMPT_LIST,
    handle: async ({ runner, param, query }) => {
      const rows = await runner.executions.attempts(param('id'))
      const meant = rows.filter(({ taskId }) => query.task === undefined || taskId === query.task)
      return whole(meant.map((row) => ({ task: row.taskId, ...attemptRecord(row) })))
    },
  }),
  readOperation({
    path: '/executions/{id}/actions',
    tag,
    summary: 'List the actions of users on an execution, newest first',
    answer: schema.ACTION_LIST,
    handle: async ({ runner, param }) => whole((await runner.executions.actions(param('id'))).map(actionRecord)),
  }),
  readOperation({
    path: '/executions/{id}/input',
    tag,
    summary: 'Get the input context, exactly as stored',
    answer: CONTEXT_TEXT,
    handle: ({ runner, param }) => storedContext(runner, param('id'), 'input'),
  }),
  readOperation({
    path: '/executions/{id}/context',
    tag,
    summary: 'Get the final context, exactly as stored; while the execution runs, the input context',
    answer: CONTEXT_TEXT,
    handle: ({ runner, param }) => storedContext(runner, param('id'), 'final'),
  }),
  readOperation({
    path: '/executions/{id}/tasks/{task}/input',
    tag,
    summary: 'Get the input context of a task, merged from the outputs of the tasks before it',
    answer: CONTEXT_TEXT,
    handle: ({ runner, param }) => storedTaskInput(runner, param('id'), param('task')),
  }),
  readOperation({
    path: '/executions/{id}/tasks/{task}/output',
    tag,
    summary: 'Get the output context of a task, exactly as stored; {} if there is none yet',
    answer: CONTEXT_TEXT,
    handle: ({ runner, param }) => storedOutput(runner, param('id'), param('task')),
  }),
]

const pausing = (verb: 'pause' | 'resume'): Operation =>
  writeOperation({
    path: `/executions/{id}/${verb}`,
    tag,
    summary: verb === 'pause' ? 'Pause an execution: start no further tasks' : 'Resume a paused execution',
    body: schema.STEER,
    answer: schema.PAUSED,
    handle: async ({ runner, param, body }) => {
      const id = param('id')
      return { id, ...(await runner.executions[verb](id, { ...withoutUndefined(body), source: 'http' })) }
    },
  })

const WRITES: readonly Operation[] = [
  writeOperation({
    path: '/executions',
    tag,
    summary: 'Start an execution of a workflow',
    body: schema.START_EXECUTION,
    bringsContext: true,
    acceptsKey: true,
    answer: schema.STARTED,
    status: 201,
    handle: ({ runner, body, bodyText, key }) =>
      started(runner, body.workflow, bodyText, { key, priority: body.priority }),
  }),
  writeOperation({
    path: '/executions/{id}/cancel',
    tag,
    summary: 'Cancel an execution: start no further tasks, and stop running ones',
    body: schema.CANCEL,
    answer: schema.CANCELLED,
    handle: async ({ runner, param, body }) => {
      const id = param('id')
      const options = { ...withoutUndefined(body), source: 'http', answerWithinMs: CANCELLED_WITHIN_MS } as const
      return { id, ...(await runner.executions.cancel(id, options)) }
    },
  }),
  pausing('pause'),
  pausing('resume'),
  writeOperation({
    path: '/executions/{id}/retry',
    tag,
    summary: 'Retry an execution as a new one with the same input; completed tasks keep their output',
    body: schema.RETRY,
    answer: schema.RETRIED,
    status: 201,
    handle: async ({ runner, param, body }) => {
      const retryOf = param('id')
      return { id: await runner.executions.retry(retryOf, { ...withoutUndefined(body), source: 'http' }), retryOf }
    },
  }),
]

const PRUNING: Operation = writeOperation({
  path: '/executions/prune',
  tag,
  summary: 'Delete executions that ended at least `olderThanMs` ago, with their contexts, attempts and logs',
  body: schema.PRUNE,
  answer: schema.PRUNED,
  handle: async ({ runner, body: { dryRun = false, ...body } }) => {
    const executions = await runner.executions.prune({
      ...withoutUndefined(body),
      olderThanMs: body.olderThanMs,
      dryRun,
      source: 'http',
    })
    return { executions, removed: !dryRun }
  },
})

export const EXECUTION_OPERATIONS: readonly Operation[] = [...READS, ...WRITES, PRUNING]

async function overviewParts(runner: Runner, id: string) {
  const overview = await runner.executions.overview(id)
  const waits = overview.endedAt === null ? await runner.executions.openWaits(id) : []
  return [overview, await runner.executions.attempts(id), waits] as const
}

function whole(items: readonly unknown[]) {
  return { items, nextCursor: null }
}
