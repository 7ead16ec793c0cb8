/** Deduplication: a firing is dropped while a run of an equal firing of the same trigger is active. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'

describe('deduplication', () => {
  let served: ObservedRunner
  beforeAll(async () => {
    served = await ObservedRunner.start(['deduplication.py'], { config: { maxConcurrentTasks: 8 } })
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it.each([
    ['with equal contexts whose keys are in another order', 'equal', /^[0-9a-f]{16}$/],
    ['without a context', 'bare', /^fire_no_context$/],
  ])('drops firings %s while the first run is active, and starts another run afterwards', async (_, trigger, hash) => {
    const runs = await served.runsOf(trigger, 2)
    const firings = await served.runner.triggers.history(trigger)
    const ticks = served.events('tick', (tick) => tick.trigger === trigger)
    const [, second = 0] = ticks.flatMap(({ outcome }, index) => (outcome === 'fired' ? [index] : []))

    const hashes = new Set(firings.map(({ contextHash }) => contextHash))
    expect([...hashes]).toEqual([expect.stringMatching(hash)])
    expect(ticks.slice(1, second).every(({ outcome }) => outcome === 'duplicate')).toBe(true)
    expect(second).toBeGreaterThan(3)
    expect(Number(runs[1]?.createdAt)).toBeGreaterThanOrEqual(Number(runs[0]?.endedAt))
  })

  it('runs firings with different contexts at the same time, such as 1, 1.0 and "1"', async () => {
    const runs = await served.runsOf('different_contexts', 4)
    const firings = await served.runner.triggers.history('different_contexts')

    // Each run waits for the three others.
    expect(runs.map(({ status }) => status)).toEqual(['Completed', 'Completed', 'Completed', 'Completed'])
    expect(new Set(firings.map(({ contextHash }) => contextHash)).size).toBe(4)
  })
})
