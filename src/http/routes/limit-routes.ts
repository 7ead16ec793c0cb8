/** `/api/v1/limits`: limits of tasks and workflows by key. */

import { UsageError } from '../../errors.ts'
import type { LimitRow, LimitValueRow } from '../../model/limits/limits.ts'
import { codec } from '../../native/index.ts'
import { limitRecord, limitValueRecord } from '../../runner/records/limits/limit-records.ts'
import { pageByOffset } from '../answer-pages.ts'
import { type Operation, readOperation, withoutUndefined, writeOperation } from '../operations.ts'
import * as schema from '../schemas/limit-schemas.ts'

const tag = 'limits'
const source = 'http'

const READS: readonly Operation[] = [
  readOperation({
    path: '/limits',
    tag,
    summary: 'List the limits of tasks and workflows, by name',
    query: schema.LIMIT_PAGE,
    answer: schema.LIMIT_LIST,
    handle: ({ runner, query }) =>
      pageByOffset(
        query,
        ({ name }: LimitRow) => name,
        (row) => limitRecord(row, runner.now()),
        async ({ limit, offset }) => (await runner.limits.list()).slice(offset, offset + limit),
      ),
  }),
  readOperation({
    path: '/limits/{name}',
    tag,
    summary: 'Get a limit with its numbers over all values',
    answer: schema.LIMIT,
    handle: async ({ runner, param }) => limitRecord(await runner.limits.get(param('name')), runner.now()),
  }),
  readOperation({
    path: '/limits/{name}/values',
    tag,
    summary: 'List the values of a limit that are in use, waited for or closed',
    query: schema.LIMIT_PAGE,
    answer: schema.LIMIT_VALUE_LIST,
    handle: ({ runner, param, query }) =>
      pageByOffset(
        query,
        ({ value }: LimitValueRow) => value,
        (row) => limitValueRecord(row, runner.now()),
        (page) => runner.limits.values(param('name'), page),
      ),
  }),
]

const WRITES: readonly Operation[] = [
  writeOperation({
    path: '/limits/{name}/set',
    tag,
    summary: 'Override values of a limit; the overrides survive restarts',
    body: schema.LIMIT_SETTING,
    answer: schema.LIMIT,
    handle: async ({ runner, param, body: { note, reset, ...settings } }) => {
      const given = withoutUndefined(settings)
      if (reset === true && Object.keys(given).length > 0) throw resetWithOthers()
      const options = { ...withoutUndefined({ note }), source } as const
      return limitRecord(await runner.limits.set(param('name'), reset === true ? null : given, options), runner.now())
    },
  }),
  writeOperation({
    path: '/limits/{name}/close',
    tag,
    summary: 'Close the slots of a limit, or of one value of it, for a time or until they are opened',
    body: schema.LIMIT_CLOSING,
    answer: schema.LIMIT,
    handle: async ({ runner, param, body: { value: _, ...options }, bodyText }) => {
      const given = { ...withoutUndefined(options), ...exactValue(bodyText), source } as const
      return limitRecord(await runner.limits.close(param('name'), given), runner.now())
    },
  }),
  writeOperation({
    path: '/limits/{name}/open',
    tag,
    summary: 'Open the closed slots of a limit, or of one value of it',
    body: schema.LIMIT_OPENING,
    answer: schema.LIMIT,
    handle: async ({ runner, param, body: { value: _, ...options }, bodyText }) => {
      const given = { ...withoutUndefined(options), ...exactValue(bodyText), source } as const
      return limitRecord(await runner.limits.open(param('name'), given), runner.now())
    },
  }),
]

export const LIMIT_OPERATIONS: readonly Operation[] = [...READS, ...WRITES]

/** Returns the text of the value, because numbers of the parsed body are not exact. */
function exactValue(bodyText: string | null): { readonly valueText?: string } {
  const valueText = codec.pick(bodyText ?? '{}', 'value')
  return valueText === null ? {} : { valueText }
}

function resetWithOthers(): UsageError {
  return new UsageError('INVALID_ARGUMENT', '"reset" cannot be combined with other settings. Send two requests.', {
    path: 'reset',
  })
}
