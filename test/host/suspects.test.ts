/** Admission of calls to an interpreter after a crash, with a clock that the test moves. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Suspects } from '../../src/host/process/supervision/crash-suspects.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('the suspects of a crash', () => {
  let clock: ManualClock
  let suspects: Suspects
  beforeEach(() => {
    clock = new ManualClock()
    suspects = new Suspects(clock)
  })
  const dieWith = (...inside: readonly string[]) => {
    const places = inside.map((label) => suspects.began(label))
    const culprit = suspects.died(null)
    if (culprit !== null) suspects.keepAway(culprit)
    for (const [index, label] of inside.entries()) suspects.ended(label, places[index] ?? -1, false)
    return culprit
  }
  const backOffMs = (label: string) => suspects.backedOffMs(label)

  it('contain no call before a crash, so that every call is admitted immediately', () => {
    expect(suspects.placeOf('a')).toBeNull()
    expect(suspects.backedOffMs('a')).toBe(0)
  })

  it('back off for 10 s if only one call ran, then twice as long each time, up to 5 min', async () => {
    const backOffs: number[] = []
    for (let death = 0; death < 11; death++) {
      expect(dieWith('a')).toBe('a')
      const backOff = backOffMs('a')
      backOffs.push(backOff / 1000)
      await clock.advance(backOff)
    }

    expect(backOffs).toEqual([10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300])
    expect(suspects.backedOffMs('a')).toBe(0)
  })

  it('are forgotten after ten successful calls, so that the next back-off is 10 s again', async () => {
    const backOffAfter = async (calls: number) => {
      dieWith('a')
      await clock.advance(backOffMs('a'))
      for (let call = 0; call < calls; call++) {
        suspects.ended('a', suspects.began('a'), true)
      }
      dieWith('a')
      const next = backOffMs('a')
      await clock.advance(next)
      for (let call = 0; call < 10; call++) {
        suspects.ended('a', suspects.began('a'), true)
      }
      return next / 1_000
    }

    expect(await backOffAfter(9)).toBe(20)
    expect(await backOffAfter(10)).toBe(10)
    expect(suspects.isEmpty).toBe(true)
  })

  it('are all calls that were running, which then run one at a time without a back-off', async () => {
    expect(dieWith('a', 'b')).toBeNull()
    expect([backOffMs('a'), backOffMs('b')]).toEqual([0, 0])
    const entered: string[] = []

    const endA = await suspects.placeOf('a')
    void suspects.placeOf('b')?.then(() => entered.push('b'))
    await settled()
    expect(entered).toEqual([])
    endA?.()
    await settled()

    expect(entered).toEqual(['b'])
    expect(suspects.placeOf('c')).toBeNull()
  })

  it('contain the culprit of the next crash, if only one of them was running then', () => {
    dieWith('a', 'b')

    expect(dieWith('a', 'newcomer')).toBe('a')
    expect(backOffMs('newcomer')).toBe(0)
  })

  it('are trusted again after the interpreter survived one of their calls', () => {
    dieWith('a', 'b')
    suspects.ended('a', suspects.began('a'), true)

    expect(suspects.placeOf('a')).toBeNull()
    expect(suspects.placeOf('b')).not.toBeNull()
  })

  it('admit the next suspect after 35 s, which is longer than the deadline of a poll', async () => {
    dieWith('a', 'b')
    const entered: string[] = []
    await suspects.placeOf('a')
    void suspects.placeOf('b')?.then(() => entered.push('b'))

    await clock.advance(34_000)
    await settled()
    expect(entered).toEqual([])
    await clock.advance(1_000)
    await settled()

    expect(entered).toEqual(['b'])
  })
})

/** Waits until the callbacks of settled promises have run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
