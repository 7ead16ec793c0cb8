/** `/api/v1/instances` and `/api/v1/status`: who serves the database, and how it goes. */

import * as v from 'valibot'
import { alertRecord } from '../../runner/records/alerts.ts'
import { actionRecord } from '../../runner/records/executions.ts'
import { instanceInfos, instanceRecord } from '../../runner/records/instances.ts'
import { countsRecord } from '../../runner/records/overviews.ts'
import { statusOf, statusRecord } from '../../runner/records/status.ts'
import { type Operation, reading } from '../operations.ts'
import { pageAfter } from '../pages.ts'
import { ACTION_LIST } from '../schemas/executions.ts'
import { PAGE } from '../schemas/parts.ts'
import { ALERT_LIST, INSTANCE_LIST, STATUS_OF_ALL } from '../schemas/system.ts'

const idOf = ({ id }: { readonly id: string }): string => id

export const SYSTEM_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/instances',
    tag: 'system',
    summary: 'List the engines that are open on the database, oldest first',
    answer: INSTANCE_LIST,
    handle: async ({ runner }) => {
      const rows = instanceInfos(await runner.instances.list(), await runner.sources.list())
      return { items: rows.map((row) => instanceRecord(row, rows)), nextCursor: null }
    },
  }),
  reading({
    path: '/actions',
    tag: 'system',
    summary: 'List the actions of users, newest first',
    query: v.strictObject(PAGE),
    answer: ACTION_LIST,
    handle: ({ runner, query }) => pageAfter(query, idOf, actionRecord, (page) => runner.actions.list(page)),
  }),
  reading({
    path: '/alerts',
    tag: 'system',
    summary: 'List alerts and their deliveries, newest first',
    query: v.strictObject(PAGE),
    answer: ALERT_LIST,
    handle: ({ runner, query }) => pageAfter(query, idOf, alertRecord, (page) => runner.alerts.list(page)),
  }),
  reading({
    path: '/status',
    tag: 'system',
    summary: 'Get the engines of the database and their health, as `cloaca status` shows them',
    answer: STATUS_OF_ALL,
    handle: async ({ runner }) => {
      const { counts, atLeast } = countsRecord(await runner.executions.counts())
      const some = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
      return { ...statusRecord(await statusOf(runner, some)), atLeast }
    },
  }),
]
