/** What tasks and polls printed and logged: `/api/v1/executions/{id}/log` and `/api/v1/triggers/{name}/logs`. */

import { UsageError } from '../../errors.ts'
import { asItHappened, logRecord, pollLogRecord } from '../../runner/records/logs.ts'
import type { LogPlace } from '../../runner/resources/execution-log.ts'
import { given, type Operation, reading } from '../operations.ts'
import { pageByOffset } from '../pages.ts'
import { LOG_LIST, LOG_QUERY, POLL_LOG_LIST, POLL_LOG_QUERY } from '../schemas/logs.ts'

export const LOG_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/executions/{id}/log',
    tag: 'executions',
    summary: 'List the output and log records of an execution, in the order of writing',
    query: LOG_QUERY,
    answer: LOG_LIST,
    handle: async ({ runner, param, query: { limit, cursor, task, attempt } }) => {
      const after = placeOf(cursor)
      const page = await runner.executions.logPage(param('id'), { ...given({ task, attempt, after }), limit })
      const endCursor = `${page.end.piece}.${page.end.records}`
      return {
        items: asItHappened(page.records).map(logRecord),
        nextCursor: page.hasMore ? endCursor : null,
        endCursor,
      }
    },
  }),
  reading({
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
        (page) => runner.triggers.logs(param('name'), { ...page, ...given({ tick }) }),
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
