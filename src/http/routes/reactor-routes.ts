/** `/api/v1/reactors`, `/firings` and `/subscriptions`: reactors, their firings, and the workflows that they start. */

import * as v from 'valibot'
import type { ReactorFiring, ReactorRow } from '../../model/graphs/graph-model-rows.ts'
import {
  firingDetailRecord,
  type ReactorWait,
  reactorFiringRecord,
  reactorRecord,
  reactorWait,
  subscriptionRecord,
} from '../../runner/records/reactor-records.ts'
import { waitingReactors } from '../../runner/records/status-records.ts'
import type { Runner } from '../../runner/runner.ts'
import { pageAfterWithin } from '../answer-pages.ts'
import {
  CONTEXT_TEXT,
  contextBody,
  type Operation,
  readOperation,
  removeOperation,
  withoutUndefined,
  writeOperation,
} from '../operations.ts'
import { HttpProblem } from '../problems.ts'
import * as schema from '../schemas/reactor-schemas.ts'
import { PAGE } from '../schemas/shared-schemas.ts'
import { shortText, textLength } from '../short-texts.ts'

const tag = 'reactors'

const READS: readonly Operation[] = [
  readOperation({
    path: '/reactors',
    tag,
    summary: 'List reactors, sorted by name, with the values of their sources and the sources that they wait for',
    answer: schema.REACTOR_LIST,
    handle: async ({ runner }) => {
      const reactors = await waitingReactors(runner)
      return { items: reactors.map(({ row, wait }) => reactorAnswer(row, wait)), nextCursor: null }
    },
  }),
  readOperation({
    path: '/reactors/{name}',
    tag,
    summary: 'Get a reactor',
    answer: schema.REACTOR,
    handle: async ({ runner, param }) => {
      const row = await runner.reactors.get(param('name'))
      return reactorAnswer(row, await reactorWait(runner, row))
    },
  }),
  readOperation({
    path: '/reactors/{name}/firings',
    tag,
    summary: 'List the firings of a reactor, newest first, with their events and the started executions',
    query: v.strictObject(PAGE),
    answer: schema.REACTOR_FIRING_LIST,
    handle: async ({ runner, param, query }) => {
      const { name } = await runner.reactors.get(param('name'))
      const { items, nextCursor } = await pageAfterWithin(
        query,
        ({ id }: ReactorFiring) => id,
        (firing) => firing,
        ({ payloadText }) => payloadText.length,
        (page) => runner.reactors.firings(name, page),
      )
      const details = await Promise.all((items as ReactorFiring[]).map((firing) => withExecutions(runner, firing)))
      return { items: details, nextCursor }
    },
  }),
  readOperation({
    path: '/firings/{id}',
    tag,
    summary: 'Get a firing with the executions that it started',
    answer: schema.FIRING_DETAIL,
    handle: async ({ runner, param }) => detailAnswer(await firingOf(runner, param('id'))),
  }),
  readOperation({
    path: '/firings/{id}/payload',
    tag,
    summary: 'Get the values of the sources in a firing, exactly as stored',
    answer: CONTEXT_TEXT,
    handle: async ({ runner, param }) => {
      const { payloadText } = (await firingOf(runner, param('id'))).firing
      return { bytes: Buffer.byteLength(payloadText), text: async () => payloadText }
    },
  }),
  readOperation({
    path: '/subscriptions',
    tag,
    summary: 'List the subscriptions of workflows to reactors, with their states',
    query: schema.SUBSCRIPTION_QUERY,
    answer: schema.SUBSCRIPTION_LIST,
    handle: async ({ runner, query: { workflow, ...filter } }) => {
      const rows = await runner.reactors.subscriptions(withoutUndefined(filter))
      const wanted = rows.filter((row) => workflow === undefined || row.workflow === workflow)
      return { items: wanted.map(subscriptionRecord), nextCursor: null }
    },
  }),
]

const steering = (verb: 'pause' | 'resume'): Operation =>
  writeOperation({
    path: `/subscriptions/{id}/${verb}`,
    tag,
    summary:
      verb === 'pause'
        ? 'Pause a subscription; firings are kept, and start no executions until you resume the subscription'
        : 'Resume a paused subscription; kept firings start executions before new firings do',
    body: schema.STEER_SUBSCRIPTION,
    answer: schema.SUBSCRIPTION,
    handle: async ({ runner, param, body }) => {
      await runner.reactors[verb](param('id'), { ...withoutUndefined(body), source: 'http' })
      return subscriptionRecord(await runner.reactors.subscription(param('id')))
    },
  })

const WRITES: readonly Operation[] = [
  contextBody({
    path: '/reactors/{name}/fire',
    tag,
    summary: 'Fire a reactor with the newest values of its sources, which the body can replace',
    query: schema.FIRE_REACTOR_QUERY,
    answer: schema.REACTOR_FIRING,
    status: 201,
    handle: async ({ runner, param, query, bodyText }) =>
      firingAnswer(
        await runner.reactors.fireText(param('name'), bodyText, { ...withoutUndefined(query), source: 'http' }),
      ),
  }),
  writeOperation({
    path: '/subscriptions',
    tag,
    summary: 'Subscribe a workflow to a reactor, or replace the predicate of an existing subscription',
    body: schema.SUBSCRIBE,
    answer: schema.SUBSCRIPTION,
    status: 201,
    handle: async ({ runner, body: { reactor, workflow, ...options } }) => {
      const id = await runner.reactors.subscribe(reactor, workflow, { ...withoutUndefined(options), source: 'http' })
      return subscriptionRecord(await runner.reactors.subscription(id))
    },
  }),
  steering('pause'),
  steering('resume'),
  writeOperation({
    path: '/subscriptions/{id}/replay',
    tag,
    summary: 'Replay firings: each starts a new execution',
    body: schema.REPLAY,
    answer: schema.REPLAYED,
    handle: async ({ runner, param, body: { from, ...options } }) => ({
      id: param('id'),
      from: await runner.reactors.replay(param('id'), from, { ...withoutUndefined(options), source: 'http' }),
    }),
  }),
  removeOperation({
    path: '/subscriptions/{id}',
    tag,
    summary: 'Delete a subscription; its executions remain',
    query: schema.DELETE_SUBSCRIPTION,
    answer: schema.SUBSCRIPTION_DELETED,
    handle: async ({ runner, param, query }) => {
      const { id, reactor, workflow, tenant } = await runner.reactors.subscription(param('id'))
      await runner.reactors.unsubscribe(reactor, workflow, { ...withoutUndefined(query), tenant, source: 'http' })
      return { id, deleted: true }
    },
  }),
]

export const REACTOR_OPERATIONS: readonly Operation[] = [...READS, ...WRITES]

function reactorAnswer(row: ReactorRow, wait: ReactorWait | null) {
  const { inputs, ...record } = reactorRecord(row, wait)
  return {
    ...record,
    inputs: inputs.map(({ valueText, ...input }) => {
      return { ...input, valueText: shortText(valueText), valueLength: textLength(valueText) }
    }),
  }
}

export function firingAnswer(firing: ReactorFiring) {
  const { payloadText, ...record } = reactorFiringRecord(firing)
  return { ...record, payloadText: shortText(payloadText), payloadLength: payloadText.length }
}

type Detail = Parameters<typeof firingDetailRecord>[0]

function detailAnswer({ firing, executions }: Detail) {
  return { ...firingAnswer(firing), executions: firingDetailRecord({ firing, executions }).executions }
}

async function withExecutions(runner: Runner, firing: ReactorFiring) {
  const executions = (await runner.reactors.firing(firing.id))?.executions ?? []
  return detailAnswer({ firing, executions })
}

async function firingOf(runner: Runner, id: string): Promise<Detail> {
  const detail = await runner.reactors.firing(id)
  if (detail !== null) return detail
  throw new HttpProblem(404, 'FIRING_NOT_FOUND', `Firing "${id}" not found. It may have been pruned.`)
}
