/** Kinds of accumulators: times and arguments of the calls of their functions. */

import { describe, expect, it } from 'vitest'
import type { AccumulateRequest } from '../../../src/engine/graphs/graph-host.ts'
import type { StreamRequest } from '../../../src/engine/graphs/stream-port.ts'
import type { Accumulation } from '../../../src/model/graphs/definitions.ts'
import { graphs, reactor, source } from '../../support/declared.ts'
import { fault } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

function one(accumulation: Accumulation, parts: EngineParts = {}): EngineParts {
  return {
    graphs: graphs({ sources: [source('input', accumulation)], reactors: [reactor('all', ['input'])] }),
    ...parts,
  }
}

function value(valueText: string) {
  return { kind: 'answered', results: [{ kind: 'value', valueText }] } as const
}

async function valuesOf(running: RunningEngine): Promise<unknown[]> {
  const firings = await running.engine.services.reactors.firings('all', FIRST_PAGE)
  return firings.map(({ payloadText }) => (JSON.parse(payloadText) as { input: unknown }).input).reverse()
}

function pushAll(running: RunningEngine, texts: readonly string[]): Promise<readonly number[]> {
  return Promise.all(texts.map((text) => running.engine.services.sources.pushText('input', text)))
}

describe('a batch accumulator', () => {
  it('receives all queued events at the end of its interval, and is not called without events', async () => {
    await using running = await RunningEngine.start(one({ kind: 'batch', intervalMs: 5_000, maxSize: null }))
    await running.clock.advance(20_000)
    expect(running.host.accumulations).toEqual([])

    await pushAll(running, ['1', '2', '3'])
    await running.clock.advance(4_999)
    expect(await valuesOf(running)).toEqual([])
    await running.clock.advance(1)

    expect(await valuesOf(running)).toEqual([[1, 2, 3]])
    expect(running.host.accumulations).toMatchObject([{ mode: 'batch', events: ['1', '2', '3'] }])
    const [firing] = await running.engine.services.reactors.firings('all', FIRST_PAGE)
    expect(firing?.causes).toEqual([{ source: 'input', firstSequence: 1, lastSequence: 3 }])
  })

  it('is called immediately when maxSize events are queued', async () => {
    await using running = await RunningEngine.start(one({ kind: 'batch', intervalMs: 60_000, maxSize: 2 }))

    await pushAll(running, ['1', '2', '3', '4', '5'])
    await settle()
    expect(await valuesOf(running)).toEqual([
      [1, 2],
      [3, 4],
    ])

    await running.clock.advance(60_000)
    expect(await valuesOf(running)).toEqual([[1, 2], [3, 4], [5]])
  })

  it('is called before the end of its interval if the queue of its source is full', async () => {
    const parts = one({ kind: 'batch', intervalMs: 3_600_000, maxSize: null }, { config: { maxWaitingEvents: 3 } })
    await using running = await RunningEngine.start(parts)

    await pushAll(running, ['1', '2', '3', '4'])
    await settle()

    expect(await valuesOf(running)).toEqual([[1, 2, 3]])
  })
})

describe('a state accumulator', () => {
  it.each([
    [2, [[1], [1, 2], [2, 3]]],
    [-1, [[1], [1, 2], [1, 2, 3]]],
    [0, []],
  ])('with a capacity of %i, emits its list of values after each event', async (capacity, expected) => {
    await using running = await RunningEngine.start(one({ kind: 'state', capacity }))

    await pushAll(running, ['1', '2', '3'])
    await settle()

    expect(await valuesOf(running)).toEqual(expected)
    expect(await running.engine.services.sources.get('input')).toMatchObject({ waiting: 0 })
  })
})

describe('a polling accumulator', () => {
  it('is polled once per interval, and None does not emit an event', async () => {
    let count = 0
    await using running = await RunningEngine.start(
      one(
        { kind: 'polling', intervalMs: 1_000 },
        {
          python: (host) =>
            host.source('input', () => {
              count += 1
              return count % 2 === 0 ? value(String(count)) : { kind: 'answered', results: [{ kind: 'dropped' }] }
            }),
        },
      ),
    )
    await running.clock.advance(5_000)

    expect(count).toBe(6)
    expect(await valuesOf(running)).toEqual([2, 4, 6])
    const polls = await running.engine.services.sources.polls('input', FIRST_PAGE)
    expect(polls.map(({ outcome, sequence }) => [outcome, sequence])).toEqual([
      ['emitted', 3],
      ['skipped', null],
      ['emitted', 2],
      ['skipped', null],
      ['emitted', 1],
      ['skipped', null],
    ])
  })

  it('records consecutive skips as one poll, and each failure separately', async () => {
    const answers = ['skip', 'skip', 'skip', 'fail', 'skip']
    await using running = await RunningEngine.start(
      one(
        { kind: 'polling', intervalMs: 200 },
        {
          python: (host) =>
            host.source('input', () =>
              answers.shift() === 'fail'
                ? { kind: 'answered', results: [{ kind: 'timedOut', error: fault('slow') }] }
                : { kind: 'answered', results: [{ kind: 'dropped' }] },
            ),
        },
      ),
    )
    const failures = running.record('sourceFailed')

    await running.clock.advance(3_000)

    const polls = await running.engine.services.sources.polls('input', FIRST_PAGE)
    expect(polls.map(({ outcome }) => outcome).slice(-2)).toEqual(['timedOut', 'skipped'])
    expect(polls.at(-1)).toMatchObject({ outcome: 'skipped', count: 3 })
    expect(failures).toMatchObject([{ source: 'input', sequence: null, error: { message: 'slow' } }])
  })

  it('delays the stop of its engine by at most 2 s', async () => {
    await using running = await RunningEngine.start(
      one(
        { kind: 'polling', intervalMs: 1_000 },
        { python: (host) => host.source('input', () => host.after(60_000, value('1'))) },
      ),
    )
    await running.clock.advance(0)

    const beganAt = running.clock.monotonic()
    const stopped = running.engine.stop({ graceMs: 30_000 }).then(() => running.clock.monotonic() - beganAt)
    for (let passedMs = 0; passedMs < 5_000; passedMs += 500) await running.clock.advance(500)

    expect(await stopped).toBe(2_000)
  })

  it('never runs two polls at the same time', async () => {
    let out = 0
    let most = 0
    await using running = await RunningEngine.start(
      one(
        { kind: 'polling', intervalMs: 1_000 },
        {
          python: (host) =>
            host.source('input', async () => {
              out += 1
              most = Math.max(most, out)
              await host.after(3_500, null)
              out -= 1
              return value('1')
            }),
        },
      ),
    )
    await running.clock.advance(12_000)

    expect(most).toBe(1)
    expect(running.host.accumulations.length).toBe(4)
  })
})

/** Stream whose messages and failures come from the test. */
class FakeStream {
  readonly requests: StreamRequest[] = []
  closed = 0

  readonly backend = async (request: StreamRequest) => {
    this.requests.push(request)
    return {
      close: async () => {
        this.closed += 1
      },
    }
  }

  send(offsets: readonly number[]): Promise<void> {
    const messages = offsets.map((offset) => ({ eventText: String(offset), position: { partition: '0', offset } }))
    return this.requests.at(-1)?.deliver(messages) ?? Promise.resolve()
  }
}

const STREAM: Accumulation = { kind: 'stream', type: 'kafka', topic: 'prices', group: null }

describe('a stream accumulator', () => {
  it('accepts each message once, even if the stream delivers messages again', { tags: ['proof'] }, async () => {
    const stream = new FakeStream()
    await using running = await RunningEngine.start(one(STREAM, { streams: { kafka: stream.backend } }))
    await settle()
    expect(stream.requests).toMatchObject([{ source: 'input', topic: 'prices', group: 'all', positions: [] }])

    await stream.send([0, 1, 2])
    await stream.send([1, 2, 3])
    await settle()

    expect(await valuesOf(running)).toEqual([0, 1, 2, 3])
  })

  it('is reopened after the last stored message if its connection fails', async () => {
    const stream = new FakeStream()
    await using running = await RunningEngine.start(one(STREAM, { streams: { kafka: stream.backend } }))
    await settle()
    const troubles = running.record('trouble')
    await stream.send([0, 1])

    stream.requests.at(-1)?.failed(new Error('the broker is gone'))
    await running.clock.advance(1_000)

    expect(stream.closed).toBe(1)
    expect(stream.requests.at(-1)?.positions).toEqual([{ partition: '0', offset: 1 }])
    expect(troubles).toMatchObject([{ during: expect.stringContaining('kafka topic "prices"') }])
  })

  it('is closed when the engine stops', async () => {
    const stream = new FakeStream()
    const running = await RunningEngine.start(one(STREAM, { streams: { kafka: stream.backend } }))
    await settle()

    await running[Symbol.asyncDispose]()

    expect(stream.closed).toBe(1)
  })

  it('warns once if no backend is registered for its stream type', async () => {
    const warnings: string[] = []
    await using running = await RunningEngine.start({ isIdle: true, ...one(STREAM) })
    running.events.on('warning', ({ message }) => void warnings.push(message))
    await running.engine.start()
    await running.clock.advance(60_000)

    expect(warnings).toEqual([
      expect.stringContaining('Source "input" cannot be read: no backend is registered for streams of type "kafka"'),
    ])
  })
})

describe('a source whose queue is full', () => {
  it('makes a push wait for room, and rejects the push with SOURCE_FULL after its timeout', async () => {
    let isOpen = false
    const parts = one(
      { kind: 'passthrough' },
      {
        config: { maxWaitingEvents: 2 },
        python: (host) =>
          host.source('input', ({ events }: AccumulateRequest) =>
            isOpen
              ? { kind: 'answered', results: events.map((valueText) => ({ kind: 'value', valueText })) }
              : { kind: 'notServed' },
          ),
      },
    )
    await using running = await RunningEngine.start(parts)
    const { sources } = running.engine.services
    await pushAll(running, ['1', '2'])

    const impatient = sources.pushText('input', '3', { timeoutMs: 0 })
    const patient = sources.pushText('input', '4', { timeoutMs: 60_000 })
    await expect(impatient).rejects.toMatchObject({
      code: 'SOURCE_FULL',
      message: expect.stringContaining('2 events are queued'),
    })
    isOpen = true
    await running.clock.advance(2_000)

    expect(await patient).toBe(3)
    expect(await valuesOf(running)).toEqual([1, 2, 4])
    expect(await sources.get('input')).toMatchObject({ refused: 1, waiting: 0 })
  })
})
