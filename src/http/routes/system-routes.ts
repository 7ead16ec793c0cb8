/** `/api/v1/instances` and `/api/v1/status`: the engines of the database and their health. */

import * as v from 'valibot'
import { SystemClock } from '../../engine/system-clock.ts'
import { formatInstantOrNull } from '../../model/time/instant.ts'
import { alertRecord, incidentRecord } from '../../runner/records/alert-records.ts'
import { attentionRecord } from '../../runner/records/attention/attention-records.ts'
import { actionRecord } from '../../runner/records/execution-records.ts'
import { instanceInfos, instanceRecord } from '../../runner/records/instance-records.ts'
import { countsRecord } from '../../runner/records/overviews.ts'
import { runnerStatus, statusRecord } from '../../runner/records/status-records.ts'
import { pageAfter } from '../answer-pages.ts'
import { type Operation, readOperation, withoutUndefined } from '../operations.ts'
import { ACTION_LIST } from '../schemas/execution-schemas.ts'
import { PAGE, TIME_FIELDS } from '../schemas/shared-schemas.ts'
import {
  ALERT_LIST,
  ATTENTION,
  DATABASE_COUNTS,
  INCIDENT_LIST,
  INCIDENT_QUERY,
  INSTANCE_LIST,
  SEARCH_QUERY,
  SEARCH_RESULTS,
  STATUS_OF_ALL,
} from '../schemas/system-schemas.ts'

const idOf = ({ id }: { readonly id: string }): string => id

export const SYSTEM_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/instances',
    tag: 'system',
    summary: 'List the engines that are open on the database, oldest first',
    answer: INSTANCE_LIST,
    handle: async ({ runner }) => {
      const rows = instanceInfos(await runner.instances.list(), await runner.sources.list())
      return { items: rows.map((row) => instanceRecord(row, rows)), nextCursor: null }
    },
  }),
  readOperation({
    path: '/actions',
    tag: 'system',
    summary: 'List the actions of users, newest first',
    query: v.strictObject({ ...PAGE, ...TIME_FIELDS }),
    answer: ACTION_LIST,
    handle: ({ runner, query: { since, until, ...query } }) =>
      pageAfter(query, idOf, actionRecord, (page) =>
        runner.actions.list({ ...page, ...withoutUndefined({ sinceAt: since, untilAt: until }) }),
      ),
  }),
  readOperation({
    path: '/alerts',
    tag: 'system',
    summary: 'List alerts and their deliveries, newest first',
    query: v.strictObject(PAGE),
    answer: ALERT_LIST,
    handle: ({ runner, query }) => pageAfter(query, idOf, alertRecord, (page) => runner.alerts.list(page)),
  }),
  readOperation({
    path: '/incidents',
    tag: 'system',
    summary: 'List incidents by their last failure, newest first',
    query: INCIDENT_QUERY,
    answer: INCIDENT_LIST,
    handle: ({ runner, query: { open = false, ...query } }) =>
      pageAfter(query, idOf, incidentRecord, (page) => runner.incidents.list({ ...page, openOnly: open })),
  }),
  readOperation({
    path: '/search',
    tag: 'system',
    summary: 'Find executions, schedules and approvals by the beginning of their id, and other things by their name',
    query: SEARCH_QUERY,
    answer: SEARCH_RESULTS,
    handle: async ({ runner, query: { q, limit } }) => {
      const items = await runner.search.find(q, { limit })
      return { items: items.map((hit) => ({ ...hit, createdAt: formatInstantOrNull(hit.createdAt) })) }
    },
  }),
  readOperation({
    path: '/counts',
    tag: 'system',
    summary: 'Count open approvals, open incidents, reactors, sources and graphs',
    answer: DATABASE_COUNTS,
    handle: ({ runner }) => runner.search.counts(),
  }),
  readOperation({
    path: '/attention',
    tag: 'system',
    summary: 'List the problems of the database that need attention, the most urgent first, at most 10 of each kind',
    isShared: true,
    answer: ATTENTION,
    handle: ({ runner }) => attentionRecord(runner, new SystemClock().now()),
  }),
  readOperation({
    path: '/status',
    tag: 'system',
    summary: 'Get the engines of the database and their health, as `cloaca status` shows them',
    answer: STATUS_OF_ALL,
    handle: async ({ runner }) => {
      const { counts, atLeast } = countsRecord(await runner.executions.counts())
      const some = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
      return { ...statusRecord(await runnerStatus(runner, some)), atLeast }
    },
  }),
]
