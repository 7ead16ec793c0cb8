/** `/api/v1/schedules`: cron schedules, by the name of their trigger or instance, their id, or the beginning of that. */

import * as v from 'valibot'
import type { CronRow } from '../../model/schedule.ts'
import { actionRecord } from '../../runner/records/executions.ts'
import { cronFiringRecord, scheduleRecord } from '../../runner/records/schedules.ts'
import type { Runner } from '../../runner/runner.ts'
import { given, type Operation, reading, removing, writing } from '../operations.ts'
import { pageAfter, pageByOffset } from '../pages.ts'
import { ACTION_LIST } from '../schemas/executions.ts'
import { PAGE } from '../schemas/parts.ts'
import {
  CHANGED_SCHEDULE,
  CRON_FIRING_LIST,
  DELETE_QUERY,
  NEW_SCHEDULE,
  SCHEDULE,
  SCHEDULE_DELETED,
  SCHEDULE_LIST,
  SCHEDULE_QUERY,
  SCHEDULE_SWITCH,
  SCHEDULE_SWITCHED,
} from '../schemas/schedules.ts'

const tag = 'schedules'
const NEXT_INSTANTS = 5
const idOf = <Row extends { readonly id: string }>(row: Row): string => row.id

const switching = (verb: 'enable' | 'disable'): Operation =>
  writing({
    path: `/schedules/{schedule}/${verb}`,
    tag,
    summary:
      verb === 'enable' ? 'Enable a schedule' : 'Disable a schedule, so that it does not fire, even after restarts',
    body: SCHEDULE_SWITCH,
    answer: SCHEDULE_SWITCHED,
    handle: async ({ runner, param, body }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.setEnabled(id, verb === 'enable', { ...given(body), source: 'http' })
      return { id, enabled: verb === 'enable' }
    },
  })

export const SCHEDULE_OPERATIONS: readonly Operation[] = [
  reading({
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
  reading({
    path: '/schedules/{schedule}',
    tag,
    summary: 'Get a schedule',
    answer: SCHEDULE,
    handle: async ({ runner, param }) => record(runner, await runner.schedules.find(param('schedule'))),
  }),
  reading({
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
  reading({
    path: '/schedules/{schedule}/actions',
    tag,
    summary: 'List the actions of users on a schedule, newest first',
    answer: ACTION_LIST,
    handle: async ({ runner, param }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      return { items: (await runner.schedules.actions(id)).map(actionRecord), nextCursor: null }
    },
  }),
  writing({
    path: '/schedules',
    tag,
    summary: 'Create a schedule that starts a workflow at the times of a cron expression',
    body: NEW_SCHEDULE,
    answer: SCHEDULE,
    status: 201,
    handle: async ({ runner, body: { workflow, expression, timezone, note } }) => {
      const { key } = await runner.workflows.get(workflow)
      const options = { ...given({ note }), source: 'http' } as const
      const id = await runner.schedules.register(key, expression, timezone, options)
      return record(runner, await runner.schedules.get(id))
    },
  }),
  writing({
    path: '/schedules/{schedule}/set',
    tag,
    summary: 'Change the cron expression or time zone of a schedule',
    body: CHANGED_SCHEDULE,
    answer: SCHEDULE,
    handle: async ({ runner, param, body: { expression, timezone, note } }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.update(id, expression, timezone, { ...given({ note }), source: 'http' })
      return record(runner, await runner.schedules.get(id))
    },
  }),
  removing({
    path: '/schedules/{schedule}',
    tag,
    summary: 'Delete a schedule with its firings; its executions remain',
    query: DELETE_QUERY,
    answer: SCHEDULE_DELETED,
    handle: async ({ runner, param, query }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.delete(id, { ...given(query), source: 'http' })
      return { id, deleted: true }
    },
  }),
  switching('enable'),
  switching('disable'),
]

async function record(runner: Runner, row: CronRow) {
  return scheduleRecord(row, await runner.schedules.nextInstants(row, NEXT_INSTANTS))
}
