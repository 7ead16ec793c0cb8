/** `/api/v1/events`: the event stream of a runner. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type EngineEventName, EngineEvents } from '../../src/engine/engine-events.ts'
import { eventsRoute } from '../../src/http/event-stream.ts'
import { httpHandler, type Runner } from '../../src/index.ts'
import { ORIGIN } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SHOP = fileURLToPath(new URL('../cli/scripts/shop.py', import.meta.url))

interface Told {
  readonly id: string | null
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the contents
  readonly data: any
}

/** Reads events up to the first for which `isLast` returns true. */
async function readUntil(response: Response, isLast: (told: Told) => boolean): Promise<readonly Told[]> {
  const all: Told[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks.filter((each) => !each.startsWith(':'))) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null
      const told = { id: field('id'), event: String(field('event')), data: JSON.parse(String(field('data'))) }
      all.push(told)
      if (isLast(told)) return all
    }
  }
  return all
}

describe('the event stream of a runner', () => {
  let observed: ObservedRunner
  let handler: (request: Request) => Promise<Response>
  beforeAll(async () => {
    observed = await ObservedRunner.open()
    handler = httpHandler(observed.runner)
    await observed.runner.load(SHOP)
    await observed.runner.start()
    await observed.until('triggerFailed', ({ trigger }) => trigger === 'unreachable')
    await observed.runsOf('new_order')
  })
  afterAll(() => observed[Symbol.asyncDispose]())

  const events = (headers: Record<string, string> = {}) => handler(new Request(`${ORIGIN}/api/v1/events`, { headers }))
  const ended = (told: Told) => told.event === 'executionFinished'

  it('starts with "hello", sends each event, and resumes after the Last-Event-ID', async () => {
    const stream = await events()
    await observed.runner.execute('refund')
    const told = await readUntil(stream, ended)
    await observed.runner.execute('refund')

    const more = await readUntil(await events({ 'last-event-id': String(told.at(-1)?.id) }), ended)

    expect(stream.headers.get('content-type')).toContain('text/event-stream')
    expect(told[0]).toMatchObject({ event: 'hello', data: { isComplete: true, isResumed: false } })
    expect(told.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['executionStarted', 'taskStarted', 'taskFinished']),
    )
    expect(told.at(-1)?.data).toMatchObject({
      workflow: 'refund',
      status: 'Failed',
      cause: 'refund: ValueError: nothing to refund (1 of 1 tasks failed)',
      at: expect.stringMatching(/^20\d\d-.*\+00:00$/),
    })
    expect(more[0]).toMatchObject({ event: 'hello', data: { isComplete: true, isResumed: true } })
    expect(more.at(-1)?.data.executionId).not.toBe(told.at(-1)?.data.executionId)
    const ids = [...told, ...more].filter(({ id, event }) => id !== null && event !== 'hello').map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('sends the number of skipped polls instead of an event per skip', async () => {
    const told = await readUntil(await events(), ({ event }) => event === 'skips')

    expect(told.at(-1)?.id).toBeNull()
    expect(told.at(-1)?.data.triggers.new_order).toBeGreaterThan(0)
    expect(told.filter(({ event, data }) => event === 'tick' && data.outcome === 'skipped')).toEqual([])
  })

  it('reports missing events if the Last-Event-ID is unknown', async () => {
    for (const id of ['another-7', 'nonsense']) {
      const [hello] = await readUntil(await events({ 'last-event-id': id }), ({ event }) => event === 'hello')

      expect(hello?.data).toEqual({ isComplete: false, isResumed: true })
    }
  })

  it('rejects readers over the limit, and accepts readers again after others have left', async () => {
    const streams = await Promise.all(Array.from({ length: 120 }, () => events()))
    const refused = streams.filter(({ status }) => status === 503)
    const problem = (await refused[0]?.json()) as { readonly code: string }
    await Promise.all(streams.filter(({ status }) => status === 200).map(({ body }) => body?.cancel()))

    const later = await events()

    expect(refused.length).toBeGreaterThanOrEqual(20)
    expect(problem.code).toBe('TOO_MANY_STREAMS')
    expect(later.status).toBe(200)
    await later.body?.cancel()
  })
})

describe('the route of the event stream', () => {
  it('listens to polls from the first reader until a minute after the last reader has left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const events = new EngineEvents()
    const on = (name: EngineEventName, listener: () => void) => events.on(name, listener)
    const { respond } = eventsRoute({ on } as unknown as Runner, '/events')
    const open = () => respond(new Request(`${ORIGIN}/events`)) as Response

    const before = events.isHeard('tick')
    const first = open()
    const meanwhile = events.isHeard('tick')
    await first.body?.cancel()
    await vi.advanceTimersByTimeAsync(50_000)
    const second = open()
    await vi.advanceTimersByTimeAsync(50_000)
    const stillHere = events.isHeard('tick')
    await second.body?.cancel()
    await vi.advanceTimersByTimeAsync(61_000)

    expect([before, meanwhile, stillHere, events.isHeard('tick')]).toEqual([false, true, true, false])
  })
})
