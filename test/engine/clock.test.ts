/** System clock, on fake Node timers that the test advances. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Trouble, WallJump } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'

const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
/** Delay that is longer than the longest timer of Node, which is 24.8 days. */
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
    const startedAt = performance.now()
    const timer = new SystemClock().wakeAfter(ms, () => wokeAt.push(performance.now() - startedAt))
    return { wokeAt, cancel: () => timer.cancel() }
  }

  it('wakes the caller once, after the requested delay', () => {
    const { wokeAt } = wakeAfter(1_500)

    vi.advanceTimersByTime(10_000)

    expect(wokeAt).toEqual([1_500])
  })

  it('wakes the caller in the next turn of the event loop if the delay is negative', () => {
    const { wokeAt } = wakeAfter(-5)
    expect(wokeAt).toEqual([])

    vi.advanceTimersByTime(0)

    expect(wokeAt).toEqual([0])
  })

  it('supports delays that are longer than the longest timer of Node', () => {
    const { wokeAt } = wakeAfter(MONTH_MS)

    vi.advanceTimersByTime(MONTH_MS - 1)
    expect(wokeAt).toEqual([])
    vi.advanceTimersByTime(1)

    expect(wokeAt).toEqual([MONTH_MS])
  })

  it.each([
    ['back', -HOUR_MS],
    ['forward', HOUR_MS],
  ])('waits for the requested delay even if the wall clock is set %s during the wait', (_direction, byMs) => {
    const { wokeAt } = wakeAfter(1_000)

    vi.advanceTimersByTime(500)
    vi.setSystemTime(Date.now() + byMs)
    vi.advanceTimersByTime(499)
    expect(wokeAt).toEqual([])
    vi.advanceTimersByTime(1)

    expect(wokeAt).toEqual([1_000])
  })

  it('does not wake the caller after the timer was cancelled', () => {
    const pending = wakeAfter(1_000)
    const due = wakeAfter(0)

    pending.cancel()
    pending.cancel()
    due.cancel()
    vi.advanceTimersByTime(60_000)

    expect([...pending.wokeAt, ...due.wokeAt]).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  describe('a timer whose callback throws', () => {
    function failing(times: number): { readonly calledAt: number[]; readonly told: Trouble[]; cancel(): void } {
      const calledAt: number[] = []
      const told: Trouble[] = []
      const startedAt = performance.now()
      const clock = new SystemClock({ onTrouble: (trouble) => void told.push(trouble) })
      const timer = clock.wakeAfter(
        100,
        () => {
          calledAt.push(performance.now() - startedAt)
          if (calledAt.length <= times) throw new Error('no')
        },
        'counting',
      )
      return { calledAt, told, cancel: () => timer.cancel() }
    }

    it('reports the error, and calls the callback again after growing delays until it succeeds', () => {
      const { calledAt, told } = failing(3)

      vi.advanceTimersByTime(60_000)

      expect(calledAt).toEqual([100, 600, 1_600, 3_600])
      expect(told).toMatchObject([
        { during: 'counting', error: { message: 'no' }, retryAt: START + 600 },
        { retryAt: START + 1_600 },
        { retryAt: START + 3_600 },
      ])
      expect(vi.getTimerCount()).toBe(0)
    })

    it('does not call the callback again after the timer was cancelled', () => {
      const { calledAt, cancel } = failing(9)
      vi.advanceTimersByTime(700)

      cancel()
      vi.advanceTimersByTime(60_000)

      expect(calledAt).toEqual([100, 600])
    })
  })

  it('attempt() calls a function immediately, and again later if the function throws', () => {
    const told: Trouble[] = []
    const clock = new SystemClock({ onTrouble: (trouble) => void told.push(trouble) })
    let calls = 0

    clock.attempt('attempting', () => {
      calls += 1
      if (calls === 1) throw new Error('no')
    })
    expect([calls, told.length]).toEqual([1, 1])
    vi.advanceTimersByTime(60_000)

    expect([calls, told.length]).toEqual([2, 1])
  })

  describe('listeners for jumps of the wall clock', () => {
    function listen(): { readonly jumps: WallJump[]; end(): void } {
      const jumps: WallJump[] = []
      return { jumps, end: new SystemClock().onWallJump((jump) => void jumps.push(jump)) }
    }

    it.each([
      ['back', -HOUR_MS],
      ['forward', HOUR_MS],
    ])('are notified once, within a second, after the wall clock was set %s', (_direction, byMs) => {
      const { jumps } = listen()
      vi.advanceTimersByTime(5_500)

      vi.setSystemTime(START + 5_500 + byMs)
      vi.advanceTimersByTime(60_000)

      expect(jumps).toEqual([{ expectedAt: START + 6_000, at: START + 6_000 + byMs }])
    })

    it('are not notified if the wall clock is corrected in small steps', () => {
      const { jumps } = listen()

      for (let second = 0; second < 60; second++) {
        vi.setSystemTime(Date.now() + 500)
        vi.advanceTimersByTime(1_000)
      }

      expect(jumps).toEqual([])
    })

    it('leave no timer behind after the last listener is removed', () => {
      const { end } = listen()

      end()

      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
