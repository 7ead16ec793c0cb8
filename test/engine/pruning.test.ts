/** The removal of old records, step by step. */

import { describe, expect, test } from 'vitest'
import { EngineEvents } from '../../src/engine/events.ts'
import type { Store } from '../../src/engine/ports.ts'
import { Pruning } from '../../src/engine/upkeep/pruning.ts'
import { FakeClock } from '../support/fake-clock.ts'

const RETENTION = { skippedMs: 0, failedMs: 0, endedMs: 0, firingsMs: null }

/** A store whose steps remove one row each, and take so long. */
function slowStore(clock: FakeClock, rows: number, tookMs: number) {
  const beganAt: number[] = []
  const prune: Store['prune'] = () => {
    beganAt.push(clock.monotonic())
    return new Promise((resolve) => clock.wakeAfter(tookMs, () => resolve(beganAt.length <= rows ? 1 : 0)))
  }
  return { prune, beganAt }
}

describe('removing old records', () => {
  test('pauses after each step for nineteen times as long, so that polls come between', async () => {
    const clock = new FakeClock()
    const store = slowStore(clock, 3, 4)
    const began = clock.monotonic()

    const run = new Pruning({ store, clock, events: new EngineEvents() }, RETENTION).run()
    await clock.advance(1_000)
    await run

    expect(store.beganAt.map((at) => at - began)).toEqual([0, 80, 160, 240])
  })

  test('does not pause longer than a second for a step that had to wait', async () => {
    const clock = new FakeClock()
    const store = slowStore(clock, 1, 10_000)
    const began = clock.monotonic()

    const run = new Pruning({ store, clock, events: new EngineEvents() }, RETENTION).run()
    await clock.advance(30_000)
    await run

    expect(store.beganAt.map((at) => at - began)).toEqual([0, 11_000])
  })

  test('ends with the step that is out when it is stopped, and leaves no timer', async () => {
    const clock = new FakeClock()
    const store = slowStore(clock, 1_000, 4)
    const pruning = new Pruning({ store, clock, events: new EngineEvents() }, RETENTION)

    const run = pruning.run()
    await clock.advance(20)
    pruning.stop()
    await run

    expect(store.beganAt).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })
})
