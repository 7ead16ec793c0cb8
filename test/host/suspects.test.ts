/** Who is let into an interpreter after one died, with time moved by the test. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Suspects } from '../../src/host/process/crash-suspects.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('the suspects of a death', () => {
  let clock: FakeClock
  let suspects: Suspects
  beforeEach(() => {
    clock = new FakeClock()
    suspects = new Suspects(clock)
  })
  const dieWith = (...inside: readonly string[]) => {
    const places = inside.map((label) => suspects.entered(label))
    const culprit = suspects.died(null)
    if (culprit !== null) suspects.keepAway(culprit)
    for (const [index, label] of inside.entries()) suspects.left(label, places[index] ?? -1, false)
    return culprit
  }
  const backOffMs = (label: string) => suspects.backedOffMs(label)

  it('are nobody as long as nothing died: everyone is let in at once', () => {
    expect(suspects.placeOf('a')).toBeNull()
    expect(suspects.backedOffMs('a')).toBe(0)
  })

  it('are the culprit itself when it was alone: it is kept away for 10 s, then twice as long each time, up to 5 min', async () => {
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

  it('are forgotten after ten calls that ended well: the next back-off is 10 s again', async () => {
    const backOffAfter = async (calls: number) => {
      dieWith('a')
      await clock.advance(backOffMs('a'))
      for (let call = 0; call < calls; call++) {
        suspects.left('a', suspects.entered('a'), true)
      }
      dieWith('a')
      const next = backOffMs('a')
      await clock.advance(next)
      for (let call = 0; call < 10; call++) {
        suspects.left('a', suspects.entered('a'), true)
      }
      return next / 1_000
    }

    expect(await backOffAfter(9)).toBe(20)
    expect(await backOffAfter(10)).toBe(10)
    expect(suspects.isEmpty).toBe(true)
  })

  it('are all who were inside when it is not clear, and then none is kept away, but they come in one at a time', async () => {
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

  it('become the culprit when the interpreter dies with only one of them inside, whoever else is', () => {
    dieWith('a', 'b')

    expect(dieWith('a', 'newcomer')).toBe('a')
    expect(backOffMs('newcomer')).toBe(0)
  })

  it('are trusted again when the interpreter outlived a call of theirs', () => {
    dieWith('a', 'b')
    suspects.left('a', suspects.entered('a'), true)

    expect(suspects.placeOf('a')).toBeNull()
    expect(suspects.placeOf('b')).not.toBeNull()
  })

  it('let the next one in after 35 s: longer than a poll may take', async () => {
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

/** Lets promises that are settled be heard of. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
