/** Logs of tasks and polls: `/api/v1/executions/{id}/log` and `/api/v1/triggers/{name}/logs`. */

import type { LogPlace } from '../../engine/services/executions/execution-log.ts'
import { UsageError } from '../../errors.ts'
import { logRecord, pollLogRecord, sortedByTime } from '../../runner/records/log-records.ts'
import { pageByOffset } from '../answer-pages.ts'
import { type Operation, readOperation, withoutUndefined } from '../operations.ts'
import { LOG_LIST, LOG_QUERY, POLL_LOG_LIST, POLL_LOG_QUERY } from '../schemas/log-schemas.ts'

export const LOG_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/executions/{id}/log',
    tag: 'executions',
    summary: 'List the output and log records of an execution, in the order of writing',
    query: LOG_QUERY,
    answer: LOG_LIST,
    handle: async ({ runner, param, query: { limit, cursor, ...filter } }) => {
      const after = placeOf(cursor)
      const page = await runner.executions.logPage(param('id'), {
        ...withoutUndefined({ ...filter, after }),
        limit,
      })
      const endCursor = `${page.end.piece}.${page.end.records}`
      return {
        items: sortedByTime(page.records).map(logRecord),
        nextCursor: page.hasMore ? endCursor : null,
        endCursor,
      }
    },
  }),
  readOperation({
    path: '/triggers/{name}/logs',
    tag: 'triggers',
    summary: 'List the output and log records of the polls of a trigger, newest first',
    query: POLL_LOG_QUERY,
    answer: POLL_LOG_LIST,
    handle: ({ runner, param, query: { tick, ...query } }) =>
      pageByOffset(
        query,
        ({ tickId }: { readonly tickId: string }) => tickId,
        pollLogRecord as (row: { readonly tickId: string }) => unknown,
        (page) => runner.triggers.logs(param('name'), { ...page, ...withoutUndefined({ tick }) }),
      ),
  }),
]

function placeOf(cursor: string | undefined): LogPlace | undefined {
  if (cursor === undefined) return undefined
  const [, piece, records] = /^(\d{1,9})\.(\d{1,9})$/.exec(cursor) ?? []
  if (piece !== undefined) return { piece: Number(piece), records: Number(records) }
  throw new UsageError(
    'INVALID_ARGUMENT',
    'The cursor is invalid. Use "endCursor" of an earlier page, or omit it to start at the beginning.',
    {
      path: 'cursor',
    },
  )
}
