/** Backfills of `/api/v1/schedules` and refires of `/api/v1/triggers`, by their id or a prefix of the id. */

import * as v from 'valibot'
import {
  backfillPreviewRecord,
  backfillRecord,
  refirePreviewRecord,
  refireRecord,
} from '../../runner/records/batch-records.ts'
import { pageAfter } from '../answer-pages.ts'
import { type Operation, readOperation, withoutUndefined, writeOperation } from '../operations.ts'
import * as schema from '../schemas/batch-schemas.ts'
import { PAGE } from '../schemas/shared-schemas.ts'

const source = 'http'
const PAGE_QUERY = v.strictObject(PAGE)
const idOf = (row: { readonly id: string }): string => row.id

const steering = (verb: 'pause' | 'resume'): Operation =>
  writeOperation({
    path: `/backfills/{id}/${verb}`,
    tag: 'schedules',
    summary: verb === 'pause' ? 'Pause a backfill; its active executions continue' : 'Resume a paused backfill',
    body: schema.STEER_BATCH,
    answer: schema.BACKFILL,
    handle: async ({ runner, param, body }) =>
      backfillRecord(await runner.schedules.backfills[verb](param('id'), { ...withoutUndefined(body), source })),
  })

const BACKFILLS: readonly Operation[] = [
  readOperation({
    path: '/schedules/{schedule}/backfills/preview',
    tag: 'schedules',
    summary: 'Count the executions that a backfill would start',
    query: schema.BACKFILL_PREVIEW_QUERY,
    answer: schema.BACKFILL_PREVIEW,
    handle: async ({ runner, param, query: { from, to, again = false } }) =>
      backfillPreviewRecord(await runner.schedules.backfills.preview(param('schedule'), { from, to, again })),
  }),
  writeOperation({
    path: '/schedules/{schedule}/backfills',
    tag: 'schedules',
    summary: 'Start the workflow once for each time of a schedule in a range',
    body: schema.NEW_BACKFILL,
    answer: schema.BACKFILL,
    status: 201,
    handle: async ({ runner, param, body: { note, ...range } }) => {
      const options = { ...range, ...withoutUndefined({ note }), source } as const
      return backfillRecord(await runner.schedules.backfills.start(param('schedule'), options))
    },
  }),
  readOperation({
    path: '/schedules/{schedule}/backfills',
    tag: 'schedules',
    summary: 'List the backfills of a schedule, newest first',
    query: PAGE_QUERY,
    answer: schema.BACKFILL_LIST,
    handle: async ({ runner, param, query }) =>
      await pageAfter(query, idOf, backfillRecord, (page) =>
        runner.schedules.backfills.list({ ...page, schedule: param('schedule') }),
      ),
  }),
  readOperation({
    path: '/backfills',
    tag: 'schedules',
    summary: 'List all backfills, newest first',
    query: PAGE_QUERY,
    answer: schema.BACKFILL_LIST,
    handle: async ({ runner, query }) =>
      await pageAfter(query, idOf, backfillRecord, (page) => runner.schedules.backfills.list(page)),
  }),
  readOperation({
    path: '/backfills/{id}',
    tag: 'schedules',
    summary: 'Get a backfill with its progress',
    answer: schema.BACKFILL,
    handle: async ({ runner, param }) => backfillRecord(await runner.schedules.backfills.get(param('id'))),
  }),
  steering('pause'),
  steering('resume'),
  writeOperation({
    path: '/backfills/{id}/cancel',
    tag: 'schedules',
    summary: 'Cancel a backfill; its active executions continue unless `executions` is true',
    body: schema.CANCEL_BATCH,
    answer: schema.BACKFILL,
    handle: async ({ runner, param, body }) =>
      backfillRecord(await runner.schedules.backfills.cancel(param('id'), { ...withoutUndefined(body), source })),
  }),
]

const REFIRES: readonly Operation[] = [
  readOperation({
    path: '/triggers/{name}/refires/preview',
    tag: 'triggers',
    summary: 'Count the executions that a refire would start',
    query: schema.REFIRE_PREVIEW_QUERY,
    answer: schema.REFIRE_PREVIEW,
    handle: async ({ runner, param, query: { status, ...range } }) =>
      refirePreviewRecord(
        await runner.triggers.refires.preview(param('name'), { ...range, ...withoutUndefined({ status }) }),
      ),
  }),
  writeOperation({
    path: '/triggers/{name}/refires',
    tag: 'triggers',
    summary: 'Start recorded firings of a trigger in a range again, with their stored contexts',
    body: schema.NEW_REFIRE,
    answer: schema.REFIRE,
    status: 201,
    handle: async ({ runner, param, body: { note, status, ...range } }) => {
      const options = { ...range, ...withoutUndefined({ note, status }), source } as const
      return refireRecord(await runner.triggers.refires.start(param('name'), options))
    },
  }),
  readOperation({
    path: '/triggers/{name}/refires',
    tag: 'triggers',
    summary: 'List the refires of a trigger, newest first',
    query: PAGE_QUERY,
    answer: schema.REFIRE_LIST,
    handle: async ({ runner, param, query }) =>
      await pageAfter(query, idOf, refireRecord, (page) =>
        runner.triggers.refires.list({ ...page, trigger: param('name') }),
      ),
  }),
  readOperation({
    path: '/refires',
    tag: 'triggers',
    summary: 'List all refires, newest first',
    query: PAGE_QUERY,
    answer: schema.REFIRE_LIST,
    handle: async ({ runner, query }) =>
      await pageAfter(query, idOf, refireRecord, (page) => runner.triggers.refires.list(page)),
  }),
  readOperation({
    path: '/refires/{id}',
    tag: 'triggers',
    summary: 'Get a refire with its progress',
    answer: schema.REFIRE,
    handle: async ({ runner, param }) => refireRecord(await runner.triggers.refires.get(param('id'))),
  }),
  writeOperation({
    path: '/refires/{id}/cancel',
    tag: 'triggers',
    summary: 'Cancel a refire; its active executions continue unless `executions` is true',
    body: schema.CANCEL_BATCH,
    answer: schema.REFIRE,
    handle: async ({ runner, param, body }) =>
      refireRecord(await runner.triggers.refires.cancel(param('id'), { ...withoutUndefined(body), source })),
  }),
]

export const BATCH_OPERATIONS: readonly Operation[] = [...BACKFILLS, ...REFIRES]
