import { beforeEach, describe, expect, it } from 'vitest'
import { AdaptiveSpin, isAnsweredSoon, isFollowedSoon, SPIN_LIMIT_MS } from '../../src/border/adaptive-spin.ts'

let now = 0
let planned: (() => void)[] = []

function spinOn(processors: number): AdaptiveSpin {
  return new AdaptiveSpin({ now: () => now, nextTick: (callback) => planned.push(callback), processors })
}

/** Runs one tick of the event loop. Returns false if nothing was planned, so that the loop would sleep. */
function ticks(): boolean {
  const [due, ...more] = planned
  planned = []
  due?.()
  expect(more).toEqual([])
  return due !== undefined
}

/** Sends one message, and receives another one after `ms` milliseconds. */
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

describe('one end of a channel', () => {
  it('sleeps before the time between two messages has been measured', () => {
    spinOn(2).sent()

    expect(ticks()).toBe(false)
  })

  it('stays awake until the next message arrives, if the last one arrived within SPIN_LIMIT_MS', () => {
    const spin = spinOn(2)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()
    expect([ticks(), ticks(), ticks()]).toEqual([true, true, true])
    spin.received()

    expect([ticks(), ticks()]).toEqual([true, false])
  })

  it('sleeps after a message took longer than SPIN_LIMIT_MS, until another message arrives faster', () => {
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

  it('plans one tick for several sent messages, and counts SPIN_LIMIT_MS from the last one', () => {
    const spin = spinOn(2)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()
    now += SPIN_LIMIT_MS / 2
    spin.sent()
    now += SPIN_LIMIT_MS / 2

    expect([ticks(), planned.length]).toEqual([true, 1])
  })

  it('always sleeps on a machine with one processor, because the other end needs that processor', () => {
    const spin = spinOn(1)
    exchange(spin, SPIN_LIMIT_MS / 2)

    spin.sent()

    expect(ticks()).toBe(false)
  })

  it('stays awake for replies and outcomes of tasks, but not for polls and skipped polls', () => {
    const skips = { type: 'outcomes', skipped: [1, 2], tokens: [], outcomes: [] } as const
    const outcome = { ...skips, tokens: [3], outcomes: [{ kind: 'completed', contextText: null }] } as const

    const start = { startBefore: null, isAgain: false }

    expect(isAnsweredSoon({ type: 'polls', tokens: [1], triggers: [1], ...start })).toBe(false)
    expect(isAnsweredSoon({ type: 'reply', id: 1, valueJson: '{}', contextText: '' })).toBe(true)
    expect(isFollowedSoon(skips)).toBe(false)
    expect(isFollowedSoon(outcome)).toBe(true)
  })
})
