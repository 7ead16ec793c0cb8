/** Start limits: times until which an interpreter may start a poll, task or event, and handling of late requests. */

import { describe, expect, it } from 'vitest'
import type { StartLimit } from '../../src/engine/clock-port.ts'
import type { NotStarted } from '../../src/engine/ports.ts'
import { graph, graphs, reactor, source, trigger, workflow } from '../support/declared.ts'
import { completed, type FakeHost, SKIP, valuesOf } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { Refusals } from '../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../support/running-engine.ts'

const START = Date.UTC(2026, 0, 1)
const HEARTBEAT_MS = 3_000
/** Start limit after a heartbeat. It is shorter than the 10 s after which other engines may take the leases. */
const START_WITHIN_MS = 8_000
/** Gap between heartbeats after which other engines may have taken the leases. */
const GAP_MS = 15_000
const LATE: NotStarted = { kind: 'notStarted', isLate: true }
const demo = workflow('demo', { work: {} })

/** Start limits of all requests so far, and the time that was left when each request was made. */
class Limits {
  readonly all: StartLimit[] = []
  readonly leftMs: number[] = []
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  note({ startLimit }: { readonly startLimit?: StartLimit }): void {
    if (startLimit === undefined) throw new Error('a request without a limit')
    this.all.push(startLimit)
    this.leftMs.push(startLimit.until - this.#clock.monotonic())
  }

  get last(): StartLimit {
    const last = this.all.at(-1)
    if (last === undefined) throw new Error('nothing was requested')
    return last
  }
}

/** Records the start limits of polls of "inbox" and of tasks. */
function noting(limits: Limits): (host: FakeHost) => void {
  return (host) => {
    host.trigger('inbox', (request) => {
      limits.note(request)
      return SKIP
    })
    host.task('work', (request) => {
      limits.note(request)
      return completed('{}')
    })
  }
}

/** Returns a handler that returns `LATE` the first time, and then the given answer. */
function lateOnce<Answer>(answer: Answer): () => Answer | Promise<NotStarted> {
  let calls = 0
  return () => (calls++ === 0 ? Promise.resolve(LATE) : answer)
}

describe('the start limit of a request', () => {
  it('is 8 s after the last heartbeat, before other engines may take the lease', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using running = await RunningEngine.start({
      ...{ clock, triggers: [trigger('inbox', { everyMs: 1_000 })], workflows: [demo], python: noting(limits) },
    })

    await clock.advance(2_000)
    await running.engine.execute('demo', '{}')
    await clock.advance(2_000)

    const sinceHeartbeat = [0, 1_000, 2_000, 2_000, 0, 1_000]
    expect(limits.leftMs).toEqual(sinceHeartbeat.map((ms) => START_WITHIN_MS - ms))
  })

  it('moves with each heartbeat, even for requests that already wait', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using _running = await RunningEngine.start({
      ...{ clock, triggers: [trigger('inbox', { everyMs: 3_600_000 })], python: noting(limits) },
    })

    await clock.advance(4 * HEARTBEAT_MS)

    expect(limits.all).toHaveLength(1)
    expect(limits.last.until - clock.monotonic()).toBe(START_WITHIN_MS)
  })

  it('does not move after a gap between heartbeats, while later requests have a new limit', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using _running = await RunningEngine.start({
      ...{ clock, triggers: [trigger('inbox', { everyMs: GAP_MS })], python: noting(limits) },
    })
    await clock.advance(0)
    const before = limits.last

    clock.standStill(GAP_MS)
    await clock.advance(HEARTBEAT_MS)

    expect(limits.all).toHaveLength(2)
    expect(before.until).toBeLessThan(clock.monotonic())
    expect(limits.last.until).toBeGreaterThan(clock.monotonic())
  })

  it('does not move after a jump of the wall clock, for example if the machine slept', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using running = await RunningEngine.start({ clock, workflows: [demo], python: noting(limits) })
    await running.engine.execute('demo', '{}')
    const [before] = limits.all

    await clock.setWall(3_600_000)
    await clock.advance(2 * HEARTBEAT_MS)
    await running.engine.execute('demo', '{}')

    expect((before?.until ?? 0) - clock.monotonic()).toBe(START_WITHIN_MS - 2 * HEARTBEAT_MS)
    expect(limits.leftMs).toEqual([START_WITHIN_MS, START_WITHIN_MS])
  })

  it('applies to events of sources, but not to runs of graphs', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using running = await RunningEngine.start({
      clock,
      graphs: graphs({
        sources: [source('probe', { kind: 'batch', intervalMs: 1_000, maxSize: null })],
        reactors: [reactor('temps', ['probe'])],
        graphs: [graph('judge', 'temps')],
      }),
    })

    await running.engine.services.sources.pushText('probe', '1')
    await clock.advance(1_000)

    for (const accumulation of running.host.accumulations) limits.note(accumulation)
    expect(limits.leftMs).toEqual([START_WITHIN_MS - 1_000])
    expect(running.host.graphRuns).toHaveLength(1)
    expect(running.host.graphRuns[0]).not.toHaveProperty('startLimit')
  })
})

describe('after a gap between heartbeats', () => {
  it('polls no trigger before the leases are read again, even if the heartbeat is stored', async () => {
    const clock = new ManualClock()
    const refusals = new Refusals()
    const store = await openMemoryStore(clock)
    await using running = await RunningEngine.start({
      ...{ clock, store: refusals.of(store), triggers: [trigger('inbox', { everyMs: GAP_MS + HEARTBEAT_MS })] },
    })
    await clock.advance(0)
    const release = refusals.hold('leaseTriggers')
    clock.standStill(GAP_MS)

    await clock.advance(2 * HEARTBEAT_MS)
    expect(running.host.polls).toHaveLength(1)
    release()
    await clock.advance(0)

    expect(running.host.polls).toHaveLength(2)
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('polls a source with its expired limit until the leases of sources are read again', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    const refusals = new Refusals()
    const store = await openMemoryStore(clock)
    await using running = await RunningEngine.start({
      ...{ clock, store: refusals.of(store) },
      graphs: graphs({ sources: [source('probe', { kind: 'polling', intervalMs: 1_000 })] }),
      python: (host) =>
        host.source('probe', (request) => {
          limits.note(request)
          return valuesOf(request)
        }),
    })
    await clock.advance(0)
    const release = refusals.hold('leaseSources')
    clock.standStill(GAP_MS)

    await clock.advance(HEARTBEAT_MS)
    const isOver = limits.leftMs.slice(1).map((ms) => ms <= 0)
    release()
    await clock.advance(1_000)

    expect(new Set(isOver)).toEqual(new Set([true]))
    expect(limits.leftMs.at(-1)).toBeGreaterThan(0)
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('makes a poll that was requested by hand as soon as the leases are read again', async () => {
    const clock = new ManualClock()
    const limits = new Limits(clock)
    await using running = await RunningEngine.start({
      ...{ clock, triggers: [trigger('inbox', { everyMs: 3_600_000 })], python: noting(limits) },
    })
    await clock.advance(0)
    clock.standStill(GAP_MS)

    const polled = await running.engine.services.triggers.poll('inbox', { answerWithinMs: 5_000 })

    expect(polled).toMatchObject({ state: 'polled', outcome: 'skipped' })
    expect(limits.leftMs).toEqual([START_WITHIN_MS, START_WITHIN_MS])
  })
})

describe('a request that missed its start limit', () => {
  it('is repeated immediately if it is a poll of a trigger', async () => {
    await using running = await RunningEngine.start({
      triggers: [trigger('inbox', { everyMs: 3_600_000 })],
      python: (host) => host.trigger('inbox', lateOnce(SKIP)),
    })

    await running.clock.advance(3_600_000)

    expect(running.host.pollsOf('inbox').map((at) => at - START)).toEqual([0, 0, 3_600_000])
  })

  it('is repeated after 100 ms as the same attempt if it is a task', async () => {
    const clock = new ManualClock()
    await using running = await RunningEngine.start({
      ...{ clock, workflows: [demo], python: (host) => host.task('work', lateOnce(completed('{"done":true}'))) },
    })
    const id = await running.engine.submit('demo', '{}')

    await clock.advance(1_000)

    expect(running.host.runs.map(({ at, attempt }) => [at - START, attempt])).toEqual([
      [0, 1],
      [100, 1],
    ])
    expect(await running.store.getExecution(id)).toMatchObject({ status: 'Completed', tasks: [{ attempts: 1 }] })
  })

  it('is repeated within a second with the same events if it calls an accumulator', async () => {
    let calls = 0
    await using running = await RunningEngine.start({
      graphs: graphs({ sources: [source('probe')] }),
      python: (host) => host.source('probe', (request) => (calls++ === 0 ? LATE : valuesOf(request))),
    })
    await running.engine.services.sources.pushText('probe', '1')

    await running.clock.advance(1_000)

    expect(running.host.accumulations.map(({ events }) => events)).toEqual([['1'], ['1']])
    expect((await running.engine.services.sources.get('probe'))?.waiting).toBe(0)
  })

  it('is repeated within a second if it is a poll of a source', async () => {
    let calls = 0
    await using running = await RunningEngine.start({
      graphs: graphs({ sources: [source('probe', { kind: 'polling', intervalMs: 3_600_000 })] }),
      python: (host) => host.source('probe', (request) => (calls++ === 0 ? LATE : valuesOf(request))),
    })

    await running.clock.advance(1_000)

    expect(running.host.accumulations).toHaveLength(2)
  })
})
