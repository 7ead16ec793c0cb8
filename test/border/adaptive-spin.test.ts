import { beforeEach, describe, expect, it } from 'vitest'
import { AdaptiveSpin, isAnsweredSoon, isFollowedSoon, SPIN_LIMIT_MS } from '../../src/border/adaptive-spin.ts'

let now = 0
let planned: (() => void)[] = []

function spinOn(processors: number): AdaptiveSpin {
  return new AdaptiveSpin({ now: () => now, nextTick: (callback) => planned.push(callback), processors })
}

/** One tick of the event loop: whether it turns, instead of sleeping. */
function ticks(): boolean {
  const [due, ...more] = planned
  planned = []
  due?.()
  expect(more).toEqual([])
  return due !== undefined
}

/** Has one message sent, and another received after some time. */
function exchange(spin: AdaptiveSpin, ms: number): void {
  spin.sent()
  now += ms
  spin.received()
  while (ticks()) now += 0.01
}

beforeEach(() => {
  now = 1_000
  planned = []
})

describe('an end of a channel', () => {
  it('sleeps while nothing is known of how long a message takes', () => {
    spinOn(2).sent()

    expect(ticks()).toBe(false)
  })

  it('stays awake until the message comes, once one came at once', () => {
    const spin = spinOn(2)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()
    expect([ticks(), ticks(), ticks()]).toEqual([true, true, true])
    spin.received()

    expect([ticks(), ticks()]).toEqual([true, false])
  })

  it('falls asleep when the message is long in coming, and stays so until one comes at once again', () => {
    const spin = spinOn(2)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()
    now += 2 * SPIN_LIMIT_MS
    expect([ticks(), ticks()]).toEqual([true, false])
    now += 100
    spin.received()
    spin.sent()
    expect(ticks()).toBe(false)
    now += SPIN_LIMIT_MS / 2
    spin.received()
    spin.sent()

    expect(ticks()).toBe(true)
  })

  it('turns once, however many messages are sent, for the time after the last', () => {
    const spin = spinOn(2)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()
    now += SPIN_LIMIT_MS / 2
    spin.sent()
    now += SPIN_LIMIT_MS / 2

    expect([ticks(), planned.length]).toEqual([true, 1])
  })

  it('always sleeps where the other end needs the only processor', () => {
    const spin = spinOn(1)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()

    expect(ticks()).toBe(false)
  })

  it('is not kept awake by polls, which nobody waits for, nor by skips', () => {
    const skips = { type: 'outcomes', skipped: [1, 2], tokens: [], outcomes: [] } as const
    const outcome = { ...skips, tokens: [3], outcomes: [{ kind: 'completed', contextText: null }] } as const

    const start = { startBefore: null, isAgain: false }

    expect(isAnsweredSoon({ type: 'polls', tokens: [1], triggers: [1], ...start })).toBe(false)
    expect(isAnsweredSoon({ type: 'reply', id: 1, valueJson: '{}', contextText: '' })).toBe(true)
    expect(isFollowedSoon(skips)).toBe(false)
    expect(isFollowedSoon(outcome)).toBe(true)
  })
})
