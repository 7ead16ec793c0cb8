/** `/api/v1/sources`: sources of reactors, and events that are pushed to them. */

import * as v from 'valibot'
import { CloacaError, UsageError } from '../../errors.ts'
import type { SourceEvent } from '../../model/graphs/graph-model-rows.ts'
import {
  eventRecord,
  sourceInfo,
  sourceListRecord,
  sourcePollRecord,
  sourceRecord,
} from '../../runner/records/source-records.ts'
import type { Runner } from '../../runner/runner.ts'
import { pageAfter, pageAfterWithin } from '../answer-pages.ts'
import { bodyElements } from '../bodies/large-bodies.ts'
import { JSON_TEXT, jsonBody, type Operation, readOperation } from '../operations.ts'
import { HttpProblem } from '../problems.ts'
import { EVENT_FIRING_LIST } from '../schemas/reactor-schemas.ts'
import { PAGE } from '../schemas/shared-schemas.ts'
import * as schema from '../schemas/source-schemas.ts'
import { shortText, textLength } from '../short-texts.ts'
import { firingAnswer } from './reactor-routes.ts'

const tag = 'sources'
const PAGE_QUERY = v.strictObject(PAGE)
/** Number of events per call, which are one step of the store if they fit. */
const AT_ONCE = 500

export const SOURCE_OPERATIONS: readonly Operation[] = [
  readOperation({
    path: '/sources',
    tag,
    summary: 'List sources, sorted by name',
    answer: schema.SOURCE_LIST,
    handle: async ({ runner }) => {
      const rows = await runner.sources.list()
      const infos = await Promise.all(rows.map((row) => sourceInfo(runner, row)))
      return { items: infos.map((info) => sourceAnswer(sourceListRecord(info))), nextCursor: null }
    },
  }),
  readOperation({
    path: '/sources/{name}',
    tag,
    summary: 'Get a source with its waiting events, counters, last value and last error',
    answer: schema.SOURCE,
    handle: async ({ runner, param }) =>
      sourceAnswer(sourceRecord(await sourceInfo(runner, await runner.sources.get(param('name'))))),
  }),
  readOperation({
    path: '/sources/{name}/value',
    tag,
    summary: 'Get the last value of a source, exactly as stored',
    answer: JSON_TEXT,
    handle: async ({ runner, param }) => {
      const { lastValueText } = await runner.sources.get(param('name'))
      return stored(lastValueText ?? 'null')
    },
  }),
  readOperation({
    path: '/sources/{name}/events',
    tag,
    summary: 'List the accepted events of a source that are still stored, newest first',
    query: PAGE_QUERY,
    answer: schema.EVENT_LIST,
    handle: async ({ runner, param, query }) => {
      const { name } = await runner.sources.get(param('name'))
      return await pageAfterWithin(
        query,
        ({ sequence }: SourceEvent) => String(sequence),
        eventAnswer,
        lengthOfEvent,
        (page) => runner.sources.events(name, page),
      )
    },
  }),
  readOperation({
    path: '/sources/{name}/events/{sequence}',
    tag,
    summary: 'Get an event, exactly as stored',
    answer: JSON_TEXT,
    handle: async ({ runner, param }) => {
      const sequence = sequenceIn(param('sequence'))
      const { name } = await runner.sources.get(param('name'))
      const [event] = await runner.sources.events(name, { limit: 1, after: String(sequence + 1) })
      if (event?.sequence === sequence) return stored(event.eventText)
      throw new HttpProblem(
        404,
        'EVENT_NOT_FOUND',
        `Event ${sequence} of source "${name}" not found. It may have been pruned.`,
      )
    },
  }),
  readOperation({
    path: '/sources/{name}/events/{sequence}/firings',
    tag,
    summary: 'List the firings that an event caused, newest first',
    answer: EVENT_FIRING_LIST,
    handle: async ({ runner, param }) => {
      const { name } = await runner.sources.get(param('name'))
      const firings = await runner.sources.firings(name, sequenceIn(param('sequence')))
      return { items: firings.map(firingAnswer), nextCursor: null }
    },
  }),
  readOperation({
    path: '/sources/{name}/polls',
    tag,
    summary: 'List the poll results of a polling accumulator, newest first',
    query: PAGE_QUERY,
    answer: schema.SOURCE_POLL_LIST,
    handle: async ({ runner, param, query }) => {
      const { name } = await runner.sources.get(param('name'))
      return await pageAfter(
        query,
        ({ id }: { readonly id: string }) => id,
        sourcePollRecord,
        (page) => runner.sources.polls(name, page),
      )
    },
  }),
  jsonBody({
    path: '/sources/{name}/events',
    tag,
    summary: 'Push the body as an event, or with `each=true` each element of the body; stored unchanged',
    query: schema.PUSH_QUERY,
    answer: schema.PUSHED,
    status: 201,
    handle: async ({ runner, param, query: { each, timeoutMs }, bodyText }) => {
      const name = param('name')
      if (each !== true) return { sequence: await runner.sources.pushText(name, bodyText ?? '', { timeoutMs }) }
      const { name: known } = await runner.sources.get(name)
      return { sequences: await pushEach(runner, known, await eventsIn(bodyText ?? ''), timeoutMs) }
    },
  }),
]

function sourceAnswer({ lastValueText, ...record }: ReturnType<typeof sourceRecord>) {
  return { ...record, lastValueText: shortText(lastValueText), lastValueLength: textLength(lastValueText) }
}

function eventAnswer(event: SourceEvent) {
  const { eventText, ...record } = eventRecord(event)
  return { ...record, eventText: shortText(eventText), eventLength: eventText.length }
}

function lengthOfEvent({ eventText }: SourceEvent): number {
  return eventText.length
}

function stored(text: string) {
  return { bytes: Buffer.byteLength(text), text: async () => text }
}

function sequenceIn(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError('INVALID_ARGUMENT', `Invalid event sequence "${text}": expected a whole number.`, {
    path: 'sequence',
  })
}

interface Events {
  readonly count: number
  slice(from: number, to: number): readonly string[]
}

/** Parses the whole array first, so that no part of invalid JSON is stored. */
async function eventsIn(bodyText: string): Promise<Events> {
  const ranges = await bodyElements(bodyText)
  if (ranges === null) {
    throw new UsageError('INVALID_ARGUMENT', 'The body must be an array of events, because "each" is true.', {
      path: 'body',
    })
  }
  const at = (index: number) => bodyText.slice(ranges[2 * index], ranges[2 * index + 1]).trim()
  const count = ranges.length / 2
  return {
    count,
    slice: (from, to) => Array.from({ length: Math.min(to, count) - from }, (_, index) => at(from + index)),
  }
}

/** Pushes in order. Events after rejected ones are not sent. */
async function pushEach(runner: Runner, name: string, events: Events, timeoutMs: number): Promise<readonly number[]> {
  const sequences: number[] = []
  for (let from = 0; from < events.count; from += AT_ONCE) {
    const pushes = events
      .slice(from, from + AT_ONCE)
      .map((event) => runner.sources.pushText(name, event, { timeoutMs }))
    const results = await Promise.allSettled(pushes)
    for (const result of results) if (result.status === 'fulfilled') sequences.push(result.value)
    const refused = results.find((result) => result.status === 'rejected')
    if (refused !== undefined) throw partly(refused.reason, sequences, events.count)
  }
  return sequences
}

/** Adds the stored events to the error, for a client that sends the rest again. */
function partly(reason: unknown, sequences: readonly number[], all: number): unknown {
  if (sequences.length === 0 || !(reason instanceof CloacaError) || reason.code !== 'SOURCE_FULL') return reason
  const message = `${reason.message} The first ${sequences.length} of ${all} events are stored.`
  return new UsageError('SOURCE_FULL', message, { ...reason.facts, sequences })
}
