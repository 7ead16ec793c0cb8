/** `/api/v1/triggers`: polled triggers, their ticks and firings. */

import * as v from 'valibot'
import type { TriggerInfo } from '../../engine/services/trigger-service.ts'
import { UsageError } from '../../errors.ts'
import { parseExactly } from '../../model/context.ts'
import type { LastTicks } from '../../model/execution-history.ts'
import type { TickRow } from '../../model/schedule-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { PollTest } from '../../model/trigger.ts'
import { actionRecord } from '../../runner/records/execution-records.ts'
import { logRecord } from '../../runner/records/log-records.ts'
import { trendRecord } from '../../runner/records/overviews.ts'
import {
  disabledPeriodRecord,
  firingRecord,
  stateChangeRecord,
  stateRecord,
  tickRecord,
  triggerRecord,
  wholeTickRecord,
} from '../../runner/records/trigger-records.ts'
import type { Runner } from '../../runner/runner.ts'
import { pageAfter, pageByOffset, pairCursor, pairOfCursor } from '../answer-pages.ts'
import {
  contextBody,
  type Operation,
  readOperation,
  removeOperation,
  replaceOperation,
  withoutUndefined,
  writeOperation,
} from '../operations.ts'
import { HttpProblem } from '../problems.ts'
import { ACTION_LIST } from '../schemas/execution-schemas.ts'
import { PAGE, TREND } from '../schemas/shared-schemas.ts'
import * as schema from '../schemas/trigger-schemas.ts'
import { KEY_HEADER } from './start-key.ts'

const tag = 'triggers'
const DAY_MS = 86_400_000
const PAGE_QUERY = v.strictObject(PAGE)
type TriggerQuery = v.InferOutput<typeof schema.TRIGGER_QUERY>

const idOf = (row: { readonly id: string }): string => row.id

const switching = (verb: 'enable' | 'disable'): Operation =>
  writeOperation({
    path: `/triggers/{name}/${verb}`,
    tag,
    summary:
      verb === 'enable' ? 'Enable a trigger' : 'Disable a trigger, so that it is not polled, even after restarts',
    body: schema.SWITCH,
    answer: schema.SWITCHED,
    handle: async ({ runner, param, body }) => {
      await runner.triggers.setEnabled(param('name'), verb === 'enable', { ...withoutUndefined(body), source: 'http' })
      return { trigger: param('name'), enabled: verb === 'enable' }
    },
  })

const READS: readonly Operation[] = [
  readOperation({
    path: '/triggers',
    tag,
    summary: 'List polled triggers, newest first',
    query: schema.TRIGGER_QUERY,
    answer: schema.TRIGGER_LIST,
    handle: ({ runner, query }) => pageOfTriggers(runner, query),
  }),
  readOperation({
    path: '/triggers/{name}',
    tag,
    summary: 'Get a trigger',
    answer: schema.TRIGGER,
    handle: ({ runner, param }) => triggerNamed(runner, param('name')),
  }),
  readOperation({
    path: '/triggers/{name}/ticks',
    tag,
    summary: 'List the ticks (poll results) of a trigger, newest first',
    query: schema.TICK_QUERY,
    answer: schema.TICK_LIST,
    handle: async ({ runner, param, query: { limit, cursor, outcome, since, until } }) => {
      const [lastAt, id] = cursor === undefined ? [] : pairOfCursor(cursor)
      const rows = await runner.triggers.ticks(param('name'), {
        ...withoutUndefined({ outcomes: outcome, sinceAt: since, untilAt: until }),
        ...(lastAt !== undefined && id !== undefined && { after: { lastAt, id } }),
        limit: limit + 1,
      })
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      const hasMore = rows.length > limit && last !== undefined
      return { items: shown.map(tickRecord), nextCursor: hasMore ? pairCursor(last.lastAt, last.id) : null }
    },
  }),
  readOperation({
    path: '/triggers/{name}/ticks/{id}',
    tag,
    summary: 'Get a tick with its traceback, output and log records',
    query: schema.TICK_DETAIL_QUERY,
    answer: schema.TICK_DETAIL,
    handle: async ({ runner, param, query: { at } }) => {
      const tick = await runner.triggers.tick(param('name'), param('id'), at)
      if (tick !== null) {
        const record = { ...wholeTickRecord(tick), records: tick.records.map(logRecord) }
        return { ...record, stateChange: stateChangeRecord(tick) }
      }
      throw new HttpProblem(
        404,
        'TICK_NOT_FOUND',
        `Tick "${param('id')}" of trigger "${param('name')}" not found. It may have been pruned.`,
      )
    },
  }),
  readOperation({
    path: '/triggers/{name}/trend',
    tag,
    summary: 'Count the polls of a trigger by time and outcome; default: the last hour',
    query: schema.TRIGGER_TREND_QUERY,
    answer: TREND,
    isShared: true,
    handle: async ({ runner, param, query: { since, until, bars } }) => {
      const untilAt = until ?? runner.now()
      const items = await runner.triggers.trend(param('name'), {
        ...withoutUndefined({ sinceAt: since }),
        untilAt,
        bars,
      })
      return { items: items.map(trendRecord), until: formatInstant(untilAt) }
    },
  }),
  readOperation({
    path: '/triggers/{name}/disabled',
    tag,
    summary: 'List the periods in which a trigger was disabled, oldest first; default: those of the last 24 hours',
    query: schema.DISABLED_QUERY,
    answer: schema.DISABLED_LIST,
    handle: async ({ runner, param, query: { until, since } }) => {
      const untilAt = until ?? runner.now()
      const period = { sinceAt: since ?? untilAt - DAY_MS, untilAt }
      const items = await runner.triggers.disabledPeriods(param('name'), period)
      return { items: items.map(disabledPeriodRecord), nextCursor: null }
    },
  }),
  readOperation({
    path: '/triggers/{name}/firings',
    tag,
    summary: 'List the firings of a trigger, newest first',
    query: PAGE_QUERY,
    answer: schema.FIRING_LIST,
    handle: ({ runner, param, query }) =>
      pageAfter(query, idOf, firingRecord, (page) => runner.triggers.history(param('name'), page)),
  }),
  readOperation({
    path: '/triggers/{name}/state',
    tag,
    summary: 'Get the state of a trigger',
    answer: schema.STATE,
    handle: async ({ runner, param }) => stateRecord(await runner.triggers.state(param('name'))),
  }),
  readOperation({
    path: '/triggers/{name}/actions',
    tag,
    summary: 'List the actions of users on a trigger, newest first',
    answer: ACTION_LIST,
    handle: async ({ runner, param }) => ({
      items: (await runner.triggers.actions(param('name'))).map(actionRecord),
      nextCursor: null,
    }),
  }),
]

const WRITES: readonly Operation[] = [
  contextBody({
    path: '/triggers/{name}/fire',
    tag,
    summary: 'Fire a trigger: start its workflow with the body as context, which is stored unchanged',
    query: schema.FIRE_QUERY,
    acceptsKey: true,
    answer: schema.FIRED,
    handle: async ({ runner, param, query, bodyText, key: headerKey }) => {
      const trigger = param('name')
      const { key = headerKey } = query
      if (headerKey !== undefined && key !== headerKey) throw twoKeys()
      const options = { ...withoutUndefined({ ...query, key }), source: 'http' } as const
      return { trigger, ...(await runner.triggers.fireText(trigger, bodyText, options)) }
    },
  }),
  writeOperation({
    path: '/triggers/{name}/poll',
    tag,
    summary: 'Poll a trigger now, in the engine that serves it',
    body: schema.POLL,
    answer: schema.POLLED,
    handle: async ({ runner, param, body }) => {
      const trigger = param('name')
      return { trigger, ...(await runner.triggers.poll(trigger, { ...withoutUndefined(body), source: 'http' })) }
    },
  }),
  writeOperation({
    path: '/triggers/{name}/test',
    tag,
    summary: 'Poll a trigger in this engine without recording the result or starting an execution',
    answer: schema.TESTED,
    handle: async ({ runner, param }) => testRecord(param('name'), await runner.testPoll(param('name'))),
  }),
  writeOperation({
    path: '/triggers/{name}/set',
    tag,
    summary: 'Override settings of a trigger; the overrides survive restarts',
    body: schema.SET,
    answer: schema.TRIGGER,
    handle: async ({ runner, param, body: { note, reset, ...settings } }) => {
      const trigger = param('name')
      const overrides = withoutUndefined(settings)
      if (reset === true && Object.keys(overrides).length > 0) throw resetWithOthers()
      await runner.triggers.set(trigger, reset === true ? null : overrides, {
        ...withoutUndefined({ note }),
        source: 'http',
      })
      return await triggerNamed(runner, trigger)
    },
  }),
  replaceOperation({
    path: '/triggers/{name}/state',
    tag,
    summary: 'Replace the state of a trigger, after its running poll',
    body: schema.SET_STATE,
    answer: schema.STATE,
    handle: async ({ runner, param, body: { state: _, ...options }, bodyText }) => {
      // The text of the body, because its numbers are exact.
      const { state } = parseExactly(bodyText ?? '{}') as { readonly state: unknown }
      const given = { ...withoutUndefined(options), source: 'http' } as const
      return stateRecord(await runner.triggers.setStateText(param('name'), JSON.stringify(state), given))
    },
  }),
  removeOperation({
    path: '/triggers/{name}/state',
    tag,
    summary: 'Reset the state of a trigger to that before its first poll',
    query: schema.SWITCH,
    answer: schema.STATE,
    handle: async ({ runner, param, query }) => {
      const options = { ...withoutUndefined(query), source: 'http' } as const
      return stateRecord(await runner.triggers.resetState(param('name'), options))
    },
  }),
  switching('enable'),
  switching('disable'),
  writeOperation({
    path: '/triggers/{name}/delete',
    tag,
    summary: 'Delete a trigger with its history, if no script declares the trigger',
    body: schema.SWITCH,
    answer: schema.DELETED,
    handle: async ({ runner, param, body }) => {
      await runner.triggers.delete(param('name'), { ...withoutUndefined(body), source: 'http' })
      return { trigger: param('name'), deleted: true as const }
    },
  }),
]

export const TRIGGER_OPERATIONS: readonly Operation[] = [...READS, ...WRITES]

async function triggerNamed(runner: Runner, name: string) {
  const row = await runner.triggers.get(name)
  return fullRecord(row, await runner.triggers.lastTicks([name]))
}

async function pageOfTriggers(runner: Runner, { enabled = false, ...query }: TriggerQuery) {
  const { items, nextCursor } = await pageByOffset(
    query,
    idOf,
    (row: TriggerInfo) => row,
    (page) => runner.triggers.list({ ...page, enabledOnly: enabled }),
  )
  const rows = items as readonly TriggerInfo[]
  const ticks = await runner.triggers.lastTicks(rows.map(({ name }) => name))
  return { items: rows.map((row) => fullRecord(row, ticks)), nextCursor }
}

function fullRecord(row: TriggerInfo, ticks: ReadonlyMap<string, LastTicks>) {
  const { description, place } = row
  const { last = null, lastFired = null } = ticks.get(row.name) ?? {}
  const record = (tick: TickRow | null) => (tick === null ? null : tickRecord(tick))
  return { ...triggerRecord(row), description, place, lastTick: record(last), lastFired: record(lastFired) }
}

function testRecord(trigger: string, { outcome, durationMs, records }: PollTest) {
  const error = outcome.kind === 'failed' || outcome.kind === 'timedOut' ? outcome.error : null
  const firings = (outcome.kind === 'fired' ? outcome.firings : []).map(({ contextText, key = null }) => {
    return { key, contextText }
  })
  return {
    trigger,
    outcome: outcome.kind,
    reason: outcome.kind === 'skipped' ? outcome.reason : null,
    contextText: firings[0]?.contextText ?? null,
    firings,
    stateText: outcome.kind === 'fired' || outcome.kind === 'skipped' ? (outcome.stateText ?? null) : null,
    error,
    durationMs,
    records: records.map(logRecord),
  }
}

function twoKeys(): UsageError {
  const message = `The parameter "key" and the header "${KEY_HEADER}" differ. Send one of them.`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'key' })
}

function resetWithOthers(): UsageError {
  return new UsageError('INVALID_ARGUMENT', '"reset" cannot be combined with other settings. Send two requests.', {
    path: 'reset',
  })
}
