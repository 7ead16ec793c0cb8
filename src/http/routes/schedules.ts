/** `/api/v1/schedules`: cron schedules, by the name of their trigger or instance, their id, or the beginning of that. */

import * as v from 'valibot'
import type { CronRow } from '../../model/schedule.ts'
import { cronFiringRecord, scheduleRecord } from '../../runner/records/schedules.ts'
import type { Runner } from '../../runner/runner.ts'
import { type Operation, reading, writing } from '../operations.ts'
import { pageByOffset } from '../pages.ts'
import { PAGE } from '../schemas/parts.ts'
import {
  CRON_FIRING_LIST,
  SCHEDULE,
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
    summary: verb === 'enable' ? 'Let it fire again' : 'Let it fire no more, also after restarts',
    body: SCHEDULE_SWITCH,
    answer: SCHEDULE_SWITCHED,
    handle: async ({ runner, param }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      await runner.schedules.setEnabled(id, verb === 'enable')
      return { id, enabled: verb === 'enable' }
    },
  })

export const SCHEDULE_OPERATIONS: readonly Operation[] = [
  reading({
    path: '/schedules',
    tag,
    summary: 'Cron schedules and triggers, newest first',
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
    summary: 'One schedule',
    answer: SCHEDULE,
    handle: async ({ runner, param }) => record(runner, await runner.schedules.find(param('schedule'))),
  }),
  reading({
    path: '/schedules/{schedule}/firings',
    tag,
    summary: 'Its firings, newest first',
    query: v.strictObject(PAGE),
    answer: CRON_FIRING_LIST,
    handle: async ({ runner, param, query }) => {
      const { id } = await runner.schedules.find(param('schedule'))
      return await pageByOffset(query, idOf, cronFiringRecord, (page) => runner.schedules.history(id, page))
    },
  }),
  switching('enable'),
  switching('disable'),
]

async function record(runner: Runner, row: CronRow) {
  return scheduleRecord(row, await runner.schedules.nextInstants(row.id, NEXT_INSTANTS))
}
