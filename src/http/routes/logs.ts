/** What tasks and polls printed and logged: `/api/v1/executions/{id}/log` and `/api/v1/triggers/{name}/logs`. */

import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import { logRecord, pollLogRecord } from '../../runner/records/logs.ts'
import { given, type Operation, reading } from '../operations.ts'
import { pageByOffset } from '../pages.ts'
import { LOG_LIST, LOG_QUERY, POLL_LOG_LIST } from '../schemas/logs.ts'
import { PAGE } from '../schemas/parts.ts'

export const LOG_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/executions/{id}/log',
    tag: 'executions',
    summary: 'What its attempts printed and logged, in the order of writing',
    query: LOG_QUERY,
    answer: LOG_LIST,
    handle: async ({ runner, param, query: { limit, cursor, task, attempt } }) => {
      const skipped = skippedOf(cursor)
      const items: object[] = []
      let seen = 0
      for await (const record of runner.executions.log(param('id'), given({ task, attempt }))) {
        if (items.length === limit) return { items, nextCursor: String(skipped + limit) }
        if (seen++ >= skipped) items.push(logRecord(record))
      }
      return { items, nextCursor: null }
    },
  }),
  reading({
    path: '/triggers/{name}/logs',
    tag: 'triggers',
    summary: 'What its polls printed and logged, newest first',
    query: v.strictObject(PAGE),
    answer: POLL_LOG_LIST,
    handle: ({ runner, param, query }) =>
      pageByOffset(
        query,
        ({ tickId }: { readonly tickId: string }) => tickId,
        pollLogRecord as (row: { readonly tickId: string }) => unknown,
        (page) => runner.triggers.logs(param('name'), page),
      ),
  }),
]

/** Records are only added behind, so their number says where a page ends. */
function skippedOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new UsageError(
    'INVALID_ARGUMENT',
    'The cursor is none that was given out: leave it out to begin at the start.',
    {
      path: 'cursor',
    },
  )
}
