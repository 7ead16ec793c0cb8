/** Pruning of old records, in small steps. */

import { describe, expect, test } from 'vitest'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import type { Store } from '../../src/engine/store.ts'
import { Pruning } from '../../src/engine/upkeep/pruning.ts'
import { ManualClock } from '../support/manual-clock.ts'

const RETENTION = { skippedMs: 0, failedMs: 0, endedMs: 0, firingsMs: null, keysMs: null }

/** Returns a store whose pruning steps remove one row each and take `tookMs`. */
function slowStore(clock: ManualClock, rows: number, tookMs: number) {
  const beganAt: number[] = []
  const prune: Store['prune'] = () => {
    beganAt.push(clock.monotonic())
    return new Promise((resolve) => clock.wakeAfter(tookMs, () => resolve(beganAt.length <= rows ? 1 : 0)))
  }
  return { prune, beganAt }
}

describe('pruning old records', () => {
  test('pauses after each step for 19 times its duration, so that polls can run', async () => {
    const clock = new ManualClock()
    const store = slowStore(clock, 3, 4)
    const began = clock.monotonic()

    const run = new Pruning({ store, clock, events: new EngineEvents() }, RETENTION).run()
    await clock.advance(1_000)
    await run

    expect(store.beganAt.map((at) => at - began)).toEqual([0, 80, 160, 240])
  })

  test('pauses for at most one second after a slow step', async () => {
    const clock = new ManualClock()
    const store = slowStore(clock, 1, 10_000)
    const began = clock.monotonic()

    const run = new Pruning({ store, clock, events: new EngineEvents() }, RETENTION).run()
    await clock.advance(30_000)
    await run

    expect(store.beganAt.map((at) => at - began)).toEqual([0, 11_000])
  })

  test('ends after the current step when stopped, and leaves no timer', async () => {
    const clock = new ManualClock()
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
