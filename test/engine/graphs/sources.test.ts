/** The kinds of accumulators: when their functions are called, and with what. */

import { describe, expect, it } from 'vitest'
import type { StreamRequest } from '../../../src/engine/graphs/streams.ts'
import type { AccumulateRequest } from '../../../src/engine/ports.ts'
import type { Accumulation } from '../../../src/model/graphs/definitions.ts'
import { graphs, reactor, source } from '../../support/declared.ts'
import { settle } from '../../support/fake-clock.ts'
import { fault } from '../../support/fake-host.ts'
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
  const firings = await running.engine.graphs.firings('all', FIRST_PAGE)
  return firings.map(({ payloadText }) => (JSON.parse(payloadText) as { input: unknown }).input).reverse()
}

function pushAll(running: RunningEngine, texts: readonly string[]): Promise<readonly number[]> {
  return Promise.all(texts.map((text) => running.engine.graphs.push('input', text)))
}

describe('a batch accumulator', () => {
  it('gets what has come when its interval is over, and nothing for an empty buffer', async () => {
    await using running = await RunningEngine.start(one({ kind: 'batch', intervalMs: 5_000, maxSize: null }))
    await running.clock.advance(20_000)
    expect(running.host.accumulations).toEqual([])

    await pushAll(running, ['1', '2', '3'])
    await running.clock.advance(4_999)
    expect(await valuesOf(running)).toEqual([])
    await running.clock.advance(1)

    expect(await valuesOf(running)).toEqual([[1, 2, 3]])
    expect(running.host.accumulations).toMatchObject([{ mode: 'batch', events: ['1', '2', '3'] }])
    const [firing] = await running.engine.graphs.firings('all', FIRST_PAGE)
    expect(firing?.causes).toEqual([{ source: 'input', firstSequence: 1, lastSequence: 3 }])
  })

  it('is called at once when as many wait as it takes', async () => {
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

  it('is called when no more events may wait', async () => {
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
  ])('with a capacity of %i emits what it keeps after each event', async (capacity, expected) => {
    await using running = await RunningEngine.start(one({ kind: 'state', capacity }))

    await pushAll(running, ['1', '2', '3'])
    await settle()

    expect(await valuesOf(running)).toEqual(expected)
    expect(await running.engine.graphs.source('input')).toMatchObject({ waiting: 0 })
  })
})

describe('a polling accumulator', () => {
  it('is polled every interval; None is no event', async () => {
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
    const polls = await running.engine.graphs.polls('input', FIRST_PAGE)
    expect(polls.map(({ outcome, sequence }) => [outcome, sequence])).toEqual([
      ['emitted', 3],
      ['skipped', null],
      ['emitted', 2],
      ['skipped', null],
      ['emitted', 1],
      ['skipped', null],
    ])
  })

  it('records skips in a row as one, and each failure', async () => {
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

    const polls = await running.engine.graphs.polls('input', FIRST_PAGE)
    expect(polls.map(({ outcome }) => outcome).slice(-2)).toEqual(['timedOut', 'skipped'])
    expect(polls.at(-1)).toMatchObject({ outcome: 'skipped', count: 3 })
    expect(failures).toMatchObject([{ source: 'input', sequence: null, error: { message: 'slow' } }])
  })

  it('never overlaps itself', async () => {
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

/** A stream that a test speaks for. */
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
  it('accepts each message once, also when the stream goes back', async () => {
    const stream = new FakeStream()
    await using running = await RunningEngine.start(one(STREAM, { streams: { kafka: stream.backend } }))
    await settle()
    expect(stream.requests).toMatchObject([{ source: 'input', topic: 'prices', group: 'all', positions: [] }])

    await stream.send([0, 1, 2])
    await stream.send([1, 2, 3])
    await settle()

    expect(await valuesOf(running)).toEqual([0, 1, 2, 3])
  })

  it('is opened again behind what is stored after it has broken', async () => {
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

  it('says once which backend is missing', async () => {
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

describe('a source that is full', () => {
  it('makes pushes wait until there is room, and refuses those that waited too long', async () => {
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
    const { graphs: calls } = running.engine
    await pushAll(running, ['1', '2'])

    const impatient = calls.push('input', '3', 0)
    const patient = calls.push('input', '4', 60_000)
    await expect(impatient).rejects.toMatchObject({
      code: 'SOURCE_FULL',
      message: expect.stringContaining('2 events are queued'),
    })
    isOpen = true
    await running.clock.advance(2_000)

    expect(await patient).toBe(3)
    expect(await valuesOf(running)).toEqual([1, 2, 4])
    expect(await calls.source('input')).toMatchObject({ refused: 1, waiting: 0 })
  })
})
