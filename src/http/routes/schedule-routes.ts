/** `/api/v1/schedules`: cron schedules, by name of trigger or instance, id, or beginning of the id. */

import * as v from 'valibot'
import type { CronRow } from '../../model/schedule-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import { actionRecord } from '../../runner/records/execution-records.ts'
import { cronFiringRecord, scheduleRecord } from '../../runner/records/schedule-records.ts'
import type { Runner } from '../../runner/runner.ts'
import { pageAfter, pageByOffset } from '../answer-pages.ts'
import { type Operation, readOperation, removeOperation, withoutUndefined, writeOperation } from '../operations.ts'
import { ACTION_LIST } from '../schemas/execution-schemas.ts'
import {
  CHANGED_SCHEDULE,
  CRON_FIRING_LIST,
  CRON_QUERY,
  CRON_TIMES,
  DELETE_QUERY,
  NEW_SCHEDULE,
  SCHEDULE,
  SCHEDULE_DELETED,
  SCHEDULE_LIST,
  SCHEDULE_QUERY,
  SCHEDULE_RUN,
  SCHEDULE_SWITCH,
  SCHEDULE_SWITCHED,
} from '../schemas/schedule-schemas.ts'
import { PAGE } from '../schemas/shared-schemas.ts'

const tag = 'schedules'
const NEXT_INSTANTS = 5
const idOf = <Row extends { readonly id: string }>(row: Row): string => row.id

const switching = (verb: 'enable' | 'disable'): Operation =>
  writeOperation({
    path: `/schedules/{schedule}/${verb}`,
    tag,
    summary:
      verb === 'enable' ? 'Enable a schedule' : 'Disable a schedule, so that it does not fire, even after restarts',
    body: SCHEDULE_SWITCH,
    answer: SCHEDULE_SWITCHED,
    handle: async ({ runner, param, body }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.setEnabled(id, verb === 'enable', { ...withoutUndefined(body), source: 'http' })
      return { id, enabled: verb === 'enable' }
    },
  })

export const SCHEDULE_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/schedules',
    tag,
    summary: 'List cron schedules and cron triggers, newest first',
    query: SCHEDULE_QUERY,
    answer: SCHEDULE_LIST,
    handle: async ({ runner, query }) => {
      const { items, nextCursor } = await pageByOffset(
        query,
        idOf,
        (row: CronRow) => record(runner, row),
        (page) => runner.schedules.list({ ...page, enabledOnly: query.enabled ?? false }),
      )
      return { items: await Promise.all(items), nextCursor }
    },
  }),
  readOperation({
    path: '/schedules/{schedule}',
    tag,
    summary: 'Get a schedule',
    answer: SCHEDULE,
    handle: async ({ runner, param }) => record(runner, await runner.schedules.find(param('schedule'))),
  }),
  readOperation({
    path: '/schedules/{schedule}/firings',
    tag,
    summary: 'List the firings of a schedule, newest first',
    query: v.strictObject(PAGE),
    answer: CRON_FIRING_LIST,
    handle: async ({ runner, param, query }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      return await pageAfter(query, idOf, cronFiringRecord, (page) => runner.schedules.history(id, page))
    },
  }),
  readOperation({
    path: '/schedules/{schedule}/actions',
    tag,
    summary: 'List the actions of users on a schedule, newest first',
    answer: ACTION_LIST,
    handle: async ({ runner, param }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      return { items: (await runner.schedules.actions(id)).map(actionRecord), nextCursor: null }
    },
  }),
  readOperation({
    path: '/cron/times',
    tag,
    summary: 'Compute the next times of a cron expression in a time zone',
    query: CRON_QUERY,
    answer: CRON_TIMES,
    handle: async ({ runner, query: { expression, timezone } }) => {
      const times = await runner.schedules.previewInstants(expression, timezone, NEXT_INSTANTS)
      return { times: times.map(formatInstant) }
    },
  }),
  writeOperation({
    path: '/schedules',
    tag,
    summary: 'Create a schedule that starts a workflow at the times of a cron expression',
    body: NEW_SCHEDULE,
    answer: SCHEDULE,
    status: 201,
    handle: async ({ runner, body: { workflow, expression, timezone, note } }) => {
      const { key } = await runner.workflows.get(workflow)
      const options = { ...withoutUndefined({ note }), source: 'http' } as const
      const id = await runner.schedules.register(key, expression, timezone, options)
      return record(runner, await runner.schedules.get(id))
    },
  }),
  writeOperation({
    path: '/schedules/{schedule}/set',
    tag,
    summary: 'Change the cron expression or time zone of a schedule',
    body: CHANGED_SCHEDULE,
    answer: SCHEDULE,
    handle: async ({ runner, param, body: { expression, timezone, note } }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.update(id, expression, timezone, { ...withoutUndefined({ note }), source: 'http' })
      return record(runner, await runner.schedules.get(id))
    },
  }),
  removeOperation({
    path: '/schedules/{schedule}',
    tag,
    summary: 'Delete a schedule with its firings; its executions remain',
    query: DELETE_QUERY,
    answer: SCHEDULE_DELETED,
    handle: async ({ runner, param, query }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.delete(id, { ...withoutUndefined(query), source: 'http' })
      return { id, deleted: true }
    },
  }),
  writeOperation({
    path: '/schedules/{schedule}/run',
    tag,
    summary: 'Start the workflow of a schedule now; the next time of the schedule stays',
    body: SCHEDULE_SWITCH,
    answer: SCHEDULE_RUN,
    status: 201,
    handle: async ({ runner, param, body }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      return { id, executionId: await runner.schedules.run(id, { ...withoutUndefined(body), source: 'http' }) }
    },
  }),
  switching('enable'),
  switching('disable'),
]

async function record(runner: Runner, row: CronRow) {
  return scheduleRecord(row, await runner.schedules.nextInstants(row, NEXT_INSTANTS))
}
