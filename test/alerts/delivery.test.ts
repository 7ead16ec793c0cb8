/** How alerts reach their receivers, and what history says of each: with receivers that fail, hang, and come back. */

import { describe, expect, it } from 'vitest'
import { DeliveryQueue } from '../../src/alerts/delivery-queue.ts'
import type { Alert, AlertDelivery } from '../../src/model/alert.ts'
import { FakeClock } from '../support/fake-clock.ts'

const alert = (id: string): Alert => ({ id, kind: 'execution-failed', subject: null, message: `alert ${id}`, at: 0 })

/** A receiver that answers as the test says. */
function queueOn(answer: (attempt: number, stopping: AbortSignal) => Promise<void>) {
  const clock = new FakeClock()
  const sent: { readonly id: string; readonly at: number }[] = []
  const warnings: string[] = []
  const deliveries = new Map<string, AlertDelivery>()
  const beganAt = clock.monotonic()
  const queue = new DeliveryQueue(
    {
      to: 'url',
      shown: 'https://alerts.example.com',
      send: ({ id }, stopping) => {
        sent.push({ id, at: clock.monotonic() - beganAt })
        return answer(sent.length, stopping)
      },
    },
    {
      clock,
      warn: (message) => warnings.push(message),
      delivered: ({ id }, delivery) => deliveries.set(id, delivery),
    },
  )
  return { clock, queue, sent, warnings, deliveries }
}

const refuses = () => Promise.reject(new Error('the server answered with status 500'))
const takes = () => Promise.resolve()

describe('a queue of alerts', () => {
  it('sends in order, and again with longer pauses until the receiver takes it', async () => {
    const { clock, queue, sent, warnings, deliveries } = queueOn((attempt) => (attempt < 4 ? refuses() : takes()))

    queue.put(alert('a'))
    queue.put(alert('b'))
    await clock.advance(60_000)

    expect(sent).toEqual([
      { id: 'a', at: 0 },
      { id: 'a', at: 1_000 },
      { id: 'a', at: 3_000 },
      { id: 'a', at: 7_000 },
      { id: 'b', at: 7_000 },
    ])
    expect(deliveries.get('a')).toMatchObject({ outcome: 'delivered', attempts: 4, error: null })
    expect(warnings).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives up what is older than 15 minutes, all of it with one line, and goes on with what comes later', async () => {
    let isBack = false
    const { clock, queue, sent, warnings, deliveries } = queueOn(() => (isBack ? takes() : refuses()))

    for (const id of ['a', 'b', 'c']) queue.put(alert(id))
    await clock.advance(1_000_000)
    isBack = true
    queue.put(alert('d'))
    await clock.advance(61_000)

    expect(warnings).toEqual([
      '3 alerts were not delivered to https://alerts.example.com: the server answered with status 500. ' +
        'First alert: alert a',
    ])
    expect(['a', 'b', 'c', 'd'].map((id) => deliveries.get(id)?.outcome)).toEqual([
      'failed',
      'failed',
      'failed',
      'delivered',
    ])
    expect(sent.length).toBeLessThan(30)
  })

  it('holds a thousand, and says once that it holds no more', async () => {
    const { clock, queue, warnings, deliveries } = queueOn((attempt) => (attempt === 1 ? refuses() : takes()))

    for (let number = 0; number < 1_500; number += 1) queue.put(alert(`${number}`))
    const full = [...deliveries.values()].filter(({ outcome }) => outcome === 'failed').length
    await clock.advance(1_000)

    expect(full).toBe(500)
    expect(warnings).toEqual(['Alerts to https://alerts.example.com are dropped: 1000 alerts were already queued.'])
    expect([...deliveries.values()].filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1_000)
  })

  it('tries once more at the end, and gives up a receiver that hangs after the grace', async () => {
    const hangs = (_: number, stopping: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        stopping.addEventListener('abort', () => reject(new Error('the engine stopped')))
      })
    const waits = queueOn((attempt) => (attempt === 1 ? refuses() : takes()))
    const stuck = queueOn(hangs)
    waits.queue.put(alert('a'))
    stuck.queue.put(alert('b'))
    await waits.clock.advance(10)

    await waits.queue.close(5_000)
    const closing = stuck.queue.close(5_000)
    await stuck.clock.advance(5_000)
    await closing

    expect(waits.deliveries.get('a')).toMatchObject({ outcome: 'delivered', attempts: 2 })
    expect(stuck.deliveries.get('b')).toMatchObject({ outcome: 'failed', error: 'the engine stopped' })
    expect(stuck.warnings).toHaveLength(1)
  })
})
