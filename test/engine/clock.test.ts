/** The system clock, with the time of Node moved by the test. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SystemClock } from '../../src/engine/clock.ts'

const START = Date.UTC(2026, 0, 1)
/** Longer than a timer of Node can wait, which is 24.8 days. */
const MONTH_MS = 26 * 86_400_000

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function wakeAfter(ms: number): { readonly wokeAt: number[]; cancel(): void } {
    const wokeAt: number[] = []
    const timer = new SystemClock().wakeAt(START + ms, () => wokeAt.push(Date.now() - START))
    return { wokeAt, cancel: () => timer.cancel() }
  }

  it('wakes once, at the instant', () => {
    const { wokeAt } = wakeAfter(1_500)

    vi.advanceTimersByTime(10_000)

    expect(wokeAt).toEqual([1_500])
  })

  it('wakes in the next turn for an instant that is past, not in this one', () => {
    const { wokeAt } = wakeAfter(-5)
    expect(wokeAt).toEqual([])

    vi.advanceTimersByTime(0)

    expect(wokeAt).toEqual([0])
  })

  it('waits for longer than a timer of Node can', () => {
    const { wokeAt } = wakeAfter(MONTH_MS)

    vi.advanceTimersByTime(MONTH_MS - 1)
    expect(wokeAt).toEqual([])
    vi.advanceTimersByTime(1)

    expect(wokeAt).toEqual([MONTH_MS])
  })

  it('waits on when a timer comes early, as after the wall clock was set back', () => {
    const { wokeAt } = wakeAfter(1_000)

    vi.advanceTimersByTime(500)
    vi.setSystemTime(START + 200)
    vi.advanceTimersByTime(500)
    expect(wokeAt).toEqual([])
    vi.advanceTimersByTime(300)

    expect(wokeAt).toEqual([1_000])
  })

  it('notices within half a minute that the wall clock was set forward', () => {
    const { wokeAt } = wakeAfter(MONTH_MS)

    vi.setSystemTime(START + MONTH_MS)
    vi.advanceTimersByTime(30_000)

    expect(wokeAt).toEqual([MONTH_MS + 30_000])
  })

  it('does not wake after it was cancelled', () => {
    const pending = wakeAfter(1_000)
    const due = wakeAfter(0)

    pending.cancel()
    pending.cancel()
    due.cancel()
    vi.advanceTimersByTime(60_000)

    expect([...pending.wokeAt, ...due.wokeAt]).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
