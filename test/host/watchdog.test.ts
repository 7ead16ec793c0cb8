/** When an entry into Python is told to stop, and when its interpreter is killed, by a clock that the test moves. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Watchdog } from '../../src/host/process/watchdog.ts'
import { FakeClock } from '../support/fake-clock.ts'

const DEADLINE_MS = 30_000
const KILL_AFTER_MS = 2_000

let clock: FakeClock
let watchdog: Watchdog
let actions: string[]
/** When something was found to be stuck. */
let stuck: number[]
/** Tokens that were interrupted because they are cancelled. */
let cancelInterrupts: Set<number>

beforeEach(() => {
  clock = new FakeClock()
  actions = []
  stuck = []
  cancelInterrupts = new Set()
  watchdog = new Watchdog(
    clock,
    { misses: 0, interrupt: () => {}, interruptCancelled: (token) => void cancelInterrupts.add(token) },
    KILL_AFTER_MS,
    {
      stop: (token, _, isCancelled) => void actions.push(isCancelled ? `cancel ${token}` : `stop ${token}`),
      kill: (culprit) => void actions.push(`kill ${culprit}`),
      stuck: () => void stuck.push(clock.monotonic()),
    },
  )
})

describe('an entry into Python', () => {
  it('is told to stop at its deadline, and its interpreter is killed two seconds later', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)

    await clock.advance(DEADLINE_MS - 1)
    expect(actions).toEqual([])
    await clock.advance(1)
    expect(actions).toEqual(['stop 1'])
    await clock.advance(1_990)
    expect(actions).toEqual(['stop 1'])
    await clock.advance(20)

    expect(actions).toEqual(['stop 1', 'kill 1'])
  })

  it('is stuck half a second after its deadline, which is said once', async () => {
    const dueAt = clock.monotonic() + DEADLINE_MS
    watchdog.watch(1, 'slow', DEADLINE_MS)

    await clock.advance(DEADLINE_MS + 1_900)

    expect(stuck.map((at) => Math.round(at - dueAt))).toEqual([500])
  })

  it('that is cancelled is told to stop at once, and its interpreter is killed five seconds later', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    const cancelledAt = clock.monotonic()

    watchdog.cancel(1, 'cancelled')
    await clock.advance(4_900)
    expect(actions).toEqual(['cancel 1'])
    expect([...cancelInterrupts]).toEqual([1])
    expect(stuck.map((at) => Math.round(at - cancelledAt))).toEqual([3_500])
    await clock.advance(200)

    expect(actions).toEqual(['cancel 1', 'kill 1'])
  })

  it('whose time is over cannot be cancelled any more', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(DEADLINE_MS)

    watchdog.cancel(1, 'cancelled')
    await clock.advance(2_010)

    expect(actions).toEqual(['stop 1', 'kill 1'])
  })

  it('that has ended has no deadline any more', async () => {
    watchdog.watch(1, 'quick', DEADLINE_MS)

    watchdog.forget(1)
    await clock.advance(2 * DEADLINE_MS)

    expect(actions).toEqual([])
  })

  it.each([
    ['back', -86_400_000],
    ['forward', 86_400_000],
  ])('keeps its deadline when the wall clock is set %s', async (_, byMs) => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(10_000)

    await clock.setWall(byMs)
    await clock.advance(DEADLINE_MS - 10_001)
    expect(actions).toEqual([])
    await clock.advance(1)

    expect(actions).toEqual(['stop 1'])
  })
})

describe('after the process stood still', () => {
  it('an entry has the time that it had left before, to a second', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(10_000)

    clock.standStill(3_600_000)
    await clock.advance(DEADLINE_MS - 10_000 - 1_001)
    expect(actions).toEqual([])
    await clock.advance(1_001)

    expect(actions).toEqual(['stop 1'])
  })

  it('an entry that was being stopped has two seconds again before its interpreter is killed', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(DEADLINE_MS)
    watchdog.acknowledged(1)
    await clock.advance(1_500)

    clock.standStill(3_600_000)
    await clock.advance(1_900)
    expect(actions).toEqual(['stop 1'])
    watchdog.forget(1)
    await clock.advance(DEADLINE_MS)

    expect(actions).toEqual(['stop 1'])
  })

  it('an entry that began only then has its own time, and no more', async () => {
    watchdog.watch(1, 'early', DEADLINE_MS)
    await clock.advance(500)

    clock.standStill(3_600_000)
    watchdog.watch(2, 'late', 1_000)
    await clock.advance(1_000)

    expect(actions).toEqual(['stop 2'])
  })
})
