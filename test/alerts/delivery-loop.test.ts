/** Delivery of stored alerts to targets that fail, hang or recover: order, pauses, results and stops of engines. */

import { describe, expect, it } from 'vitest'
import type { AlertTarget, AttemptResult } from '../../src/alerts/alert-target.ts'
import { backOffMs } from '../../src/alerts/delivery-loop.ts'
import { EngineAlerts } from '../../src/alerts/engine-alerts.ts'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import { MemoryDeliveries } from '../support/alert-builders.ts'
import { ManualClock } from '../support/manual-clock.ts'

const TAKES: AttemptResult = { response: 'status 204', error: null }
const REFUSES: AttemptResult = { response: 'status 500', error: 'the server answered with status 500' }

const hangs = (stopping: AbortSignal) =>
  new Promise<AttemptResult>((_, reject) => {
    stopping.addEventListener('abort', () => reject(new Error('the engine stopped')))
  })

/** Returns alerts of an engine, whose targets answer as the test specifies. */
function sending(answers: Readonly<Record<string, (attempt: number, stopping: AbortSignal) => unknown>>) {
  const clock = new ManualClock()
  const deliveries = new MemoryDeliveries(clock)
  const events = new EngineEvents()
  const warnings: string[] = []
  const sent: { readonly id: string; readonly atMs: number }[] = []
  const beganAt = clock.monotonic()
  const targets = Object.entries(answers).map(([receiver, answer]): AlertTarget => {
    let attempts = 0
    return {
      ...{ receiver, to: 'url', shown: `https://${receiver}.example.com` },
      async send({ id }, stopping) {
        sent.push({ id, atMs: clock.monotonic() - beganAt })
        attempts += 1
        return (await answer(attempts, stopping)) as AttemptResult
      },
    }
  })
  const start = () =>
    new EngineAlerts(targets, {}, { store: deliveries, events, clock, warn: (line) => warnings.push(line) })
  return { clock, deliveries, events, warnings, sent, start }
}

const FAILED = { executionId: 'e', workflow: 'etl', status: 'Failed', errorMessage: '', cause: '', at: 0 } as const

describe('the loop of a target', () => {
  it('sends stored alerts one after the other, and stores the response of each', async () => {
    const { clock, deliveries, sent, start } = sending({ default: () => TAKES })
    for (const id of ['a', 'b', 'c']) deliveries.put(id)

    const alerts = start()
    await clock.advance(0)
    await alerts.close(0)

    expect(sent.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(deliveries.settled[0]).toEqual({
      ...{ id: 'a', receiver: 'default', to: 'url', outcome: 'delivered', attempts: 1, response: 'status 204' },
      ...{ error: null, endedAt: clock.now(), dueAt: null },
    })
  })

  it('sends an alert again after 1 s, 2 s, 4 s and so on, and logs the first failure and the recovery', async () => {
    const { clock, deliveries, sent, warnings, start } = sending({ default: (n) => (n < 4 ? REFUSES : TAKES) })
    deliveries.put('a')

    const alerts = start()
    await clock.advance(20_000)
    await alerts.close(0)

    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 1_000, 3_000, 7_000])
    expect(deliveries.settled.map(({ attempts, outcome }) => [attempts, outcome])).toEqual([
      [1, 'pending'],
      [2, 'pending'],
      [3, 'pending'],
      [4, 'delivered'],
    ])
    expect(warnings).toEqual([
      'Cannot deliver alerts to receiver "default" (https://default.example.com): ' +
        'the server answered with status 500. The delivery is repeated for up to 24 h.',
      'Alerts to receiver "default" (https://default.example.com) are delivered again.',
    ])
  })

  it('pauses for at most 10 minutes, also after an attempt that another engine has made', () => {
    expect([0, 1, 2, 5, 10, 11, 2_000].map(backOffMs)).toEqual([1_000, 1_000, 2_000, 16_000, 512_000, 600_000, 600_000])
  })

  it('has made at most 160 attempts at a target that was down for a day', async () => {
    const { clock, deliveries, sent, start } = sending({ default: () => REFUSES })
    for (let number = 0; number < 50; number += 1) deliveries.put(`${number}`)

    const alerts = start()
    await clock.advance(86_400_000)
    await alerts.close(0)

    expect(sent.length).toBeGreaterThan(140)
    expect(sent.length).toBeLessThan(160)
  })

  it('does not wait for another target that hangs or is down', async () => {
    const { clock, deliveries, sent, start } = sending({
      hangs: (_, stopping) => hangs(stopping),
      down: () => REFUSES,
      works: () => TAKES,
    })
    for (const receiver of ['hangs', 'down', 'works']) deliveries.put(`first of ${receiver}`, receiver)
    const alerts = start()
    await clock.advance(5_000)

    deliveries.put('second', 'works')
    await clock.advance(1_000)
    const closing = alerts.close(0)
    await clock.advance(0)
    await closing

    expect(sent.find(({ id }) => id === 'second')).toEqual({ id: 'second', atMs: 6_000 })
  })

  it('looks for alerts once a second, and soon after a failed execution or poll', async () => {
    const { clock, deliveries, events, sent, start } = sending({ default: () => TAKES })
    const alerts = start()
    await clock.advance(10_500)
    const takesOfCalm = deliveries.takes

    deliveries.put('a')
    events.emit('executionFinished', FAILED)
    await clock.advance(0)
    await alerts.close(0)

    expect(takesOfCalm).toBe(11)
    expect(sent).toEqual([{ id: 'a', atMs: 10_500 }])
  })

  it('looks at most ten times a second while an execution fails in each millisecond', async () => {
    const { clock, deliveries, events, start } = sending({ default: () => TAKES })
    const alerts = start()
    await clock.advance(0)

    for (let ms = 0; ms < 1_000; ms += 1) {
      events.emit('executionFinished', FAILED)
      await clock.advance(1)
    }
    await alerts.close(0)

    expect(deliveries.takes).toBeLessThan(15)
  })

  it('stores the result of a delivered alert after the database has refused it', async () => {
    const { clock, deliveries, sent, start } = sending({
      default: () => {
        deliveries.isRefusing = true
        return TAKES
      },
    })
    deliveries.put('a')
    const alerts = start()
    await clock.advance(60_000)

    deliveries.isRefusing = false
    await clock.advance(10_000)
    await alerts.close(0)

    expect(sent).toHaveLength(1)
    expect(deliveries.outcomes).toEqual(['a delivered'])
  })
})

describe('an engine that stops', () => {
  it('sends due alerts without pauses, and leaves the others to the next engine after a failure', async () => {
    const { clock, deliveries, sent, start } = sending({ default: (n) => (n === 3 ? REFUSES : TAKES) })
    const alerts = start()
    await clock.advance(10)
    for (const id of ['a', 'b', 'c', 'd']) deliveries.put(id)

    await alerts.close(5_000)

    expect(sent.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect(deliveries.outcomes).toEqual(['a delivered', 'b delivered', 'c pending'])
    expect(deliveries.pending.map(({ alert }) => alert.id)).toEqual(['c', 'd'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('releases an alert that a hanging target did not receive within the grace, due immediately', async () => {
    const { clock, deliveries, start } = sending({ default: (_, stopping) => hangs(stopping) })
    deliveries.put('a')
    const alerts = start()
    await clock.advance(10)

    const closing = alerts.close(5_000)
    await clock.advance(4_999)
    const before = deliveries.settled.length
    await clock.advance(1)
    await closing

    expect(before).toBe(0)
    expect(deliveries.settled).toMatchObject([
      { id: 'a', outcome: 'pending', error: 'the engine stopped', dueAt: clock.now() },
    ])
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends also if the database refuses', async () => {
    const { clock, deliveries, start } = sending({ default: () => TAKES })
    deliveries.isRefusing = true
    const alerts = start()
    await clock.advance(5_000)

    await alerts.close(5_000)

    expect(clock.pendingTimers).toBe(0)
  })

  it('has no timers and no listeners without receivers', async () => {
    const { clock, deliveries, events, start } = sending({})

    const alerts = start()
    await clock.advance(5_000)
    const timers = clock.pendingTimers

    expect([timers, deliveries.takes, events.isHeard('executionFinished')]).toEqual([0, 0, false])
    await alerts.close(0)
  })
})
