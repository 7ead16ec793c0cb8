/** Passes over the store that are asked for again and again. */

import { describe, expect, it } from 'vitest'
import { EngineEvents } from '../../../src/engine/events.ts'
import { Passes } from '../../../src/engine/graphs/passes.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

function passes(run: () => Promise<void>) {
  const clock = new FakeClock()
  const events = new EngineEvents()
  const troubles: string[] = []
  events.on('trouble', ({ during, error }) => void troubles.push(`${during}: ${error.message}`))
  return { clock, troubles, passes: new Passes({ clock, events }, 'looking', run) }
}

describe('passes', () => {
  it('are one at a time, and what is asked for meanwhile is one more', async () => {
    const ends: (() => void)[] = []
    const { passes: asked } = passes(() => new Promise((resolve) => ends.push(resolve)))

    void asked.ask()
    void asked.ask()
    await settle()
    expect(ends).toHaveLength(1)
    void asked.ask()
    void asked.ask()
    ends[0]?.()
    await settle()

    expect(ends).toHaveLength(2)
    ends[1]?.()
    await asked.settled()
    expect(ends).toHaveLength(2)
  })

  it('are trouble when they fail, and are tried again after a while', async () => {
    let count = 0
    const {
      passes: asked,
      clock,
      troubles,
    } = passes(async () => {
      count += 1
      if (count === 1) throw new Error('no database')
    })

    await asked.ask()
    expect(troubles).toEqual(['looking: no database'])
    await clock.advance(500)

    expect(count).toBe(2)
  })

  it('are no trouble when they fail at the end, and none begins after it', async () => {
    let fail = (): void => {}
    let count = 0
    const {
      passes: asked,
      clock,
      troubles,
    } = passes(() => {
      count += 1
      return new Promise((_, reject) => {
        fail = () => reject(new Error('closed'))
      })
    })
    void asked.ask()
    await settle()

    const stopped = asked.stop()
    fail()
    await stopped
    await asked.ask()
    await clock.advance(60_000)

    expect([count, troubles]).toEqual([1, []])
  })
})
