/** Sources, reactors and graphs over HTTP: the exact answers, each checked against the OpenAPI document. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageAfterWithin } from '../../src/http/answer-pages.ts'
import { elementRanges } from '../../src/http/bodies/json-elements.ts'
import { httpHandler } from '../../src/index.ts'
import { HttpClient, ORIGIN } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { Metrics } from '../support/prometheus-text.ts'

const OVEN = `
import cloaca, time

@cloaca.passthrough_accumulator
def probe(event):
    if event == "bad":
        raise ValueError("a bad probe")
    return event

@cloaca.polling_accumulator(interval="1h")
def weather():
    return None

@cloaca.passthrough_accumulator
def slow(event):
    time.sleep(3600)

@cloaca.reactor(name="oven", accumulators=["probe", "door"], mode="when_all")
class Oven: pass

@cloaca.reactor(name="any", accumulators=["probe", "weather", "slow"])
class Any: pass

with cloaca.ComputationGraphBuilder("alarm", reactor=Any, graph={
        "judge": {"inputs": ["probe"], "routes": {"hot": "warn", "ok": "note"}}, "warn": {}, "note": {}}):
    @cloaca.node
    def judge(p):
        return ("hot", p) if p and p["c"] > 80 else ("ok", p)
    @cloaca.node
    def warn(p):
        return {"alarm": p["c"]}
    @cloaca.node
    def note(p):
        return None

with cloaca.WorkflowBuilder("ring"):
    @cloaca.task()
    def bell(context):
        return context
`

const EXACT = '{"c": 91.0,  "id": 1152921504606846977, "text": "ü\\u00fc"}'

describe('sources, reactors and graphs over HTTP', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-http-graphs-'))
    writeFileSync(join(folder, 'oven.py'), OVEN)
    observed = await ObservedRunner.open({ config: { maxWaitingEvents: 20 } })
    await observed.runner.load(join(folder, 'oven.py'))
    await observed.runner.start()
    client = await HttpClient.of(httpHandler(observed.runner))
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const push = (name: string, body: string, query = '') => client.post(`/api/v1/sources/${name}/events${query}`, body)
  const fired = (reactor: string, sequence: number) =>
    observed.until('reactorFired', (event) => event.reactor === reactor && event.sequence >= sequence)

  it('stores an event verbatim, and returns its sequence number', async () => {
    const first = await push('door', EXACT)
    const second = await push('door', ' [1.0, "a,]"] ')

    expect([first.status, first.json]).toEqual([201, { sequence: 1 }])
    expect(second.json).toEqual({ sequence: 2 })
    expect((await client.get('/api/v1/sources/door/events/1')).text).toBe(EXACT)
    const { json } = await client.get('/api/v1/sources/door/events?limit=1')
    expect(json).toMatchObject({ items: [{ sequence: 2, eventText: ' [1.0, "a,]"] ' }], nextCursor: '2' })
    expect((await client.get('/api/v1/sources/door/events?cursor=2')).json.items).toMatchObject([{ sequence: 1 }])
  })

  it('stores each element of an array as a separate event with "each=true"', async () => {
    const { status, json } = await push('door', '[1.0, {"a": [1, 2], "b": "],["}, "x\\"y", [] ]', '?each=true')
    const none = await push('door', ' [ ] ', '?each=true')

    expect([status, json.sequences]).toEqual([201, [3, 4, 5, 6]])
    expect(none.json).toEqual({ sequences: [] })
    const { items } = (await client.get('/api/v1/sources/door/events?limit=4')).json
    expect(items.map(({ eventText }: { eventText: string }) => eventText).reverse()).toEqual([
      '1.0',
      '{"a": [1, 2], "b": "],["}',
      '"x\\"y"',
      '[]',
    ])
  })

  it('rejects invalid requests with a status and code for each mistake', async () => {
    const answers = await Promise.all([
      push('dor', '1'),
      push('weather', '1'),
      push('door', '{"a":'),
      push('door', ''),
      push('door', '{"events": [1]}', '?each=true'),
      push('door', '[1,,2]', '?each=true'),
      push('door', '1', '?timeoutMs=soon'),
      client.post('/api/v1/sources/door/events', '1', { origin: 'http://elsewhere.example' }),
      client.post('/api/v1/sources/door/events', '1', { 'content-type': 'text/plain' }),
      client.get('/api/v1/sources/door/events/99'),
      client.get('/api/v1/reactors/ovn'),
      client.get('/api/v1/graphs/alrm'),
      client.get('/api/v1/firings/nobody'),
      client.post('/api/v1/subscriptions', { reactor: 'any', workflow: 'ring', when: 'payload. >' }),
      client.post('/api/v1/subscriptions', { reactor: 'a\0b', workflow: 'ring' }),
      client.get('/api/v1/reactors/a%00b'),
      client.post('/api/v1/subscriptions/nobody/pause', {}),
      client.post('/api/v1/reactors/oven/fire', '{"dor": 1}'),
    ])

    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [404, 'SOURCE_NOT_FOUND'],
      [409, 'SOURCE_NOT_PUSHABLE'],
      [400, 'INVALID_CONTEXT'],
      [400, 'BODY_NOT_JSON'],
      [400, 'INVALID_ARGUMENT'],
      [400, 'BODY_NOT_JSON'],
      [400, 'INVALID_ARGUMENT'],
      [403, 'ORIGIN_REFUSED'],
      [415, 'BODY_NOT_JSON'],
      [404, 'EVENT_NOT_FOUND'],
      [404, 'REACTOR_NOT_FOUND'],
      [404, 'GRAPH_NOT_FOUND'],
      [404, 'FIRING_NOT_FOUND'],
      [422, 'INVALID_PREDICATE'],
      [400, 'INVALID_ARGUMENT'],
      [404, 'REACTOR_NOT_FOUND'],
      [404, 'SUBSCRIPTION_NOT_FOUND'],
      [400, 'INVALID_ARGUMENT'],
    ])
    expect(answers[0]?.json.detail).toContain('Did you mean "door"?')
    expect((await client.get('/api/v1/sources/door')).json).toMatchObject({ lastSequence: 6 })
  })

  it('rejects events for a full source with a Retry-After and the number of stored events', async () => {
    const filled = await push('slow', `[${Array.from({ length: 18 }, () => 1).join(',')}]`, '?each=true')

    const partly = await push('slow', '[1, 2, 3]', '?each=true')
    const full = await push('slow', '4')

    expect(filled.json.sequences).toHaveLength(18)
    expect(partly).toMatchObject({ status: 429, json: { code: 'SOURCE_FULL', source: 'slow', sequences: [19, 20] } })
    expect(partly.json.detail).toContain('The first 2 of 3 events are stored.')
    expect(full).toMatchObject({ status: 429, json: { code: 'SOURCE_FULL' } })
    expect(full.headers.get('retry-after')).toBe('1')
    expect(full.headers.get('content-type')).toBe('application/problem+json')
    expect((await client.get('/api/v1/sources/slow')).json).toMatchObject({ waiting: 20, limit: 20, refused: 2 })
  })

  it('shows the value, firing, graph run and execution that an event caused, and the way back', async () => {
    const subscribed = await client.post('/api/v1/subscriptions', {
      reactor: 'any',
      workflow: 'ring',
      when: 'payload.probe.c > 80.0',
    })
    const { sequence } = (await push('probe', EXACT)).json
    await fired('any', 1)
    const [ended] = await observed.until('executionFinished', ({ workflow }) => workflow === 'ring')

    const executionId = String(ended?.executionId)

    const firings = (await client.get(`/api/v1/sources/probe/events/${sequence}/firings`)).json.items
    const id = firings.find(({ reactor }: { reactor: string }) => reactor === 'any').id
    const one = await client.get(`/api/v1/firings/${id}`)
    const listed = await client.get('/api/v1/reactors/any/firings')
    const execution = await client.get(`/api/v1/executions/${executionId}`)

    expect(subscribed).toMatchObject({ status: 201, json: { state: 'active', predicate: 'payload.probe.c > 80.0' } })
    expect(one.json).toMatchObject({
      reactor: 'any',
      causes: [{ source: 'probe', firstSequence: sequence, lastSequence: sequence }],
      executions: [{ workflow: 'ring', executionId, subscriptionId: subscribed.json.id }],
    })
    expect(listed.json.items).toContainEqual(one.json)
    expect((await client.get(`/api/v1/firings/${id}/payload`)).text).toContain('1152921504606846977')
    expect(execution.json.origin).toEqual({ kind: 'reactor', reactor: 'any', firingId: id })
    expect((await client.get('/api/v1/sources/probe/value')).text).toContain('91.0')
    await expect
      .poll(async () => (await client.get('/api/v1/graphs/alarm')).json.lastRun)
      .toMatchObject({ resultText: '{"alarm":91.0}', resultLength: 14 })
    expect((await client.get('/api/v1/graphs')).json.items).toMatchObject([{ name: 'alarm', reactor: 'any' }])
  })

  it('shows the inputs that a reactor waits for, and fires a reactor by hand', async () => {
    const names = (await client.get('/api/v1/reactors')).json.items.map(({ name }: { name: string }) => name)
    await push('probe', '1')
    await expect.poll(async () => (await client.get('/api/v1/reactors/oven')).json.inputs[0].isDirty).toBe(true)

    const { json } = await client.get('/api/v1/reactors/oven')
    const byHand = await client.post('/api/v1/reactors/oven/fire?note=a%20try', '{"door": 2.0}')

    expect(names).toEqual(['any', 'oven'])
    expect(json).toMatchObject({ mode: 'when_all', inputs: [{ source: 'probe', valueText: '1' }, { source: 'door' }] })
    expect(json.waitingFor).toMatchObject({ sources: ['door'] })
    expect(byHand).toMatchObject({ status: 201, json: { byHand: 'http: a try', causes: [] } })
    expect(byHand.json.payloadText).toContain('"door":2.0')
  })

  it('rejects a subscription to an undeclared reactor or workflow, unless `allowMissing` is true', async () => {
    const body = { reactor: 'ovn', workflow: 'ring' }

    const reactor = await client.post('/api/v1/subscriptions', body)
    const workflow = await client.post('/api/v1/subscriptions', { reactor: 'oven', workflow: 'rng' })
    const early = await client.post('/api/v1/subscriptions', { ...body, allowMissing: true })

    expect(reactor).toMatchObject({ status: 404, json: { code: 'REACTOR_NOT_FOUND', reactor: 'ovn' } })
    expect(reactor.json.detail).toContain('Did you mean "oven"?')
    expect(workflow).toMatchObject({ status: 404, json: { code: 'WORKFLOW_NOT_FOUND', workflow: 'rng' } })
    expect(early).toMatchObject({ status: 201, json: { reactor: 'ovn' } })
    await client.delete(`/api/v1/subscriptions/${early.json.id}`)
  })

  it('pauses, resumes, replays and removes a subscription', async () => {
    const { id } = (await client.post('/api/v1/subscriptions', { reactor: 'oven', workflow: 'ring' })).json

    const paused = await client.post(`/api/v1/subscriptions/${id}/pause`, { note: 'lunch' })
    const listed = await client.get('/api/v1/subscriptions?reactor=oven&workflow=ring')
    const resumed = await client.post(`/api/v1/subscriptions/${id}/resume`)
    const replayed = await client.post(`/api/v1/subscriptions/${id}/replay`, { from: 1 })
    const removed = await client.delete(`/api/v1/subscriptions/${id}?note=done`)

    expect(paused.json).toMatchObject({ state: 'paused', enabled: false })
    expect(listed.json.items).toMatchObject([{ id, state: 'paused' }])
    expect(resumed.json).toMatchObject({ state: 'active' })
    expect(replayed.json).toEqual({ id, from: 1 })
    expect(removed.json).toEqual({ id, deleted: true })
    expect((await client.get('/api/v1/subscriptions?reactor=oven')).json.items).toEqual([])
    const { items } = (await client.get('/api/v1/actions?limit=5')).json
    expect(items.map(({ kind, source }: { kind: string; source: string }) => [kind, source])).toEqual(
      ['unsubscribe', 'replay', 'resume', 'pause', 'subscribe'].map((kind) => [kind, 'http']),
    )
  })

  it('sends the numbers of firings and failed events over the event stream', async () => {
    const stream = await httpHandler(observed.runner)(new Request(`${ORIGIN}/api/v1/events`))
    const { lastSequence } = (await client.get('/api/v1/reactors/any')).json
    await push('probe', '[{"c": 1}, {"c": 2}, "bad"]', '?each=true')
    await fired('any', lastSequence + 2)
    const told = await readUntil(stream, 'failedEvents')

    expect(told).toContain('event: graphs\ndata: ')
    expect(told).toContain('"failedEvents":{"probe":1}')
    expect(told).toContain('"firings":{"any":2')
    expect(told).not.toContain('event: reactorFired')
  })

  it('counts events, firings and runs of graphs in metrics', async () => {
    const { lastSequence } = (await client.get('/api/v1/reactors/any')).json
    await push('probe', '[{"c": 1}, {"c": 2}, "bad"]', '?each=true')
    await fired('any', lastSequence + 2)

    const scrape = async () =>
      new Metrics(await (await httpHandler(observed.runner)(new Request(`${ORIGIN}/metrics`))).text())
    const metrics = await scrape()

    const of = (name: string, labels: Record<string, string>) => metrics.value(`cloaca_${name}`, labels)
    const { lastSequence: accepted } = (await client.get('/api/v1/sources/probe')).json
    expect(of('source_events_total', { source: 'probe', outcome: 'accepted' })).toBe(accepted)
    expect(of('source_events_total', { source: 'probe', outcome: 'failed' })).toBe(2)
    expect(of('source_events_total', { source: 'slow', outcome: 'refused' })).toBe(2)
    expect(of('source_events_waiting', { source: 'slow' })).toBe(20)
    expect(of('source_events_waiting', { source: 'weather' })).toBe(0)
    expect(of('reactor_firings_total', { reactor: 'any' })).toBe(lastSequence + 2)
    expect(of('subscriptions_degraded_total', { reactor: 'oven' })).toBe(0)
    await expect
      .poll(async () => (await scrape()).value('cloaca_graph_runs_total', { graph: 'alarm' }))
      .toBe(lastSequence + 2)
  })

  it('omits long values from lists, and serves each at its own address', async () => {
    const long = JSON.stringify('x'.repeat(10_001))

    const { sequence } = (await push('door', long)).json

    const { items } = (await client.get('/api/v1/sources/door/events?limit=1')).json
    expect(items).toEqual([
      { source: 'door', sequence, acceptedAt: expect.any(String), eventText: null, eventLength: long.length },
    ])
    expect((await client.get(`/api/v1/sources/door/events/${sequence}`)).text).toBe(long)
  })
})

/** Returns the text of a stream up to the part that contains a word. */
async function readUntil({ body }: Response, word: string): Promise<string> {
  let told = ''
  const decoder = new TextDecoder()
  for await (const part of body ?? []) {
    told += decoder.decode(part, { stream: true })
    if (told.includes(word)) break
  }
  return told
}

it('ends a page early if its rows are large, and continues after its last row', async () => {
  const lengths = [5, 3_000_000, 3_000_000, 7, ...Array.from({ length: 30 }, () => 1)]
  const rows = lengths.map((length, index) => ({ id: String(index), length }))
  const asked: number[] = []
  const page = (limit: number, cursor?: string) =>
    pageAfterWithin(
      { limit, cursor },
      ({ id }: (typeof rows)[number]) => id,
      ({ id }) => id,
      ({ length }) => length,
      async ({ limit: most, after }) => {
        asked.push(most)
        return rows.slice(after === undefined ? 0 : Number(after) + 1).slice(0, most)
      },
    )

  const first = await page(100)
  const rest = await page(100, first.nextCursor ?? undefined)
  const few = await page(12, '3')

  expect(first).toEqual({ items: rows.slice(0, 20).map(({ id }) => id), nextCursor: '19' })
  expect(rest).toEqual({ items: rows.slice(20).map(({ id }) => id), nextCursor: null })
  expect(few).toEqual({ items: rows.slice(4, 16).map(({ id }) => id), nextCursor: '15' })
  expect(Math.max(...asked)).toBe(21)
})

it.each([
  ['[]', []],
  [' [ 1 ] ', ['1']],
  ['{"a": 1}', null],
  ['"[1]"', null],
  [
    '["\\\\", "\\\\\\"", [[], {}], {"a,": [",", "]"]}, 1e5, -0.0]',
    ['"\\\\"', '"\\\\\\""', '[[], {}]', '{"a,": [",", "]"]}', '1e5', '-0.0'],
  ],
])('finds the text of each element of an array, and none in other values: %s', (text, elements) => {
  const ranges = elementRanges(text)
  const found =
    ranges && Array.from({ length: ranges.length / 2 }, (_, index) => [ranges[2 * index], ranges[2 * index + 1]])

  expect(found?.map(([from, to]) => text.slice(from, to).trim()) ?? null).toEqual(elements)
})
