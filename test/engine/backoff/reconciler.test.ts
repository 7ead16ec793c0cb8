/** Reconciler, which runs requested passes over the store one at a time. */

import { describe, expect, it } from 'vitest'
import { Reconciler } from '../../../src/engine/backoff/reconciler.ts'
import { EngineEvents } from '../../../src/engine/engine-events.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

function reconciler(run: () => Promise<void>) {
  const clock = new ManualClock()
  const events = new EngineEvents()
  const troubles: string[] = []
  events.on('trouble', ({ during, error }) => void troubles.push(`${during}: ${error.message}`))
  return { clock, troubles, passes: new Reconciler({ clock, events }, 'looking', run) }
}

/** Returns a reconciler whose passes end when the test calls the functions in `ends`. */
function heldPasses() {
  const ends: (() => void)[] = []
  return { ...reconciler(() => new Promise((resolve) => ends.push(resolve))), ends }
}

describe('a reconciler', () => {
  it('runs one pass at a time, and one more pass for all requests that come during a pass', async () => {
    const { passes, ends } = heldPasses()

    void passes.start()
    void passes.request()
    await settle()
    expect(ends).toHaveLength(1)
    void passes.request()
    void passes.request()
    ends[0]?.()
    await settle()

    expect(ends).toHaveLength(2)
    ends[1]?.()
    await passes.settled()
    expect(ends).toHaveLength(2)
  })

  it('runs no pass for a request that was made before the start', async () => {
    const { passes, ends } = heldPasses()

    await passes.request()
    expect(ends).toHaveLength(0)
    void passes.start()
    await settle()

    expect(ends).toHaveLength(1)
  })

  it('reports a failed pass, and repeats the pass after delays that double', async () => {
    let failures = 3
    const { passes, clock, troubles } = reconciler(async () => {
      if (failures-- > 0) throw new Error('no database')
    })

    await passes.start()
    expect(troubles).toEqual(['looking: no database'])
    await clock.advance(500)
    await clock.advance(999)
    expect(failures).toBe(1)
    await clock.advance(1)
    expect(failures).toBe(0)
    await clock.advance(2_000)

    expect(failures).toBe(-1)
    expect(troubles).toHaveLength(3)
  })

  it('cancels a delayed pass when another request starts a pass earlier', async () => {
    const { passes, ends, clock } = heldPasses()
    void passes.start()
    await settle()
    passes.requestAfter(1_000)
    ends[0]?.()
    await settle()

    void passes.request()
    await settle()
    ends[1]?.()
    await clock.advance(60_000)

    expect(ends).toHaveLength(2)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is idle only if no pass is running, requested or delayed', async () => {
    const { passes, ends, clock } = heldPasses()
    const states = [passes.isIdle]
    void passes.start()
    states.push(passes.isIdle)
    await settle()
    states.push(passes.isIdle)
    passes.requestAfter(1_000)
    ends[0]?.()
    await settle()
    states.push(passes.isIdle)
    await clock.advance(1_000)
    ends[1]?.()
    await settle()

    expect([...states, passes.isIdle]).toEqual([false, false, false, false, true])
  })

  it('neither reports a failed pass nor starts another pass after the stop', async () => {
    let fail = (): void => {}
    let count = 0
    const { passes, clock, troubles } = reconciler(() => {
      count += 1
      return new Promise((_, reject) => {
        fail = () => reject(new Error('closed'))
      })
    })
    void passes.start()
    await settle()

    const stopped = passes.stop()
    fail()
    await stopped
    await passes.request()
    await clock.advance(60_000)

    expect([count, troubles]).toEqual([1, []])
  })
})
