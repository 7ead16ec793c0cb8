/** Times at which the watchdog stops a Python call and kills its interpreter, with a clock that the test moves. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Watchdog } from '../../src/host/process/watchdog.ts'
import { ManualClock } from '../support/manual-clock.ts'

const DEADLINE_MS = 30_000
const KILL_AFTER_MS = 2_000

let clock: ManualClock
let watchdog: Watchdog
let actions: string[]
/** Times at which the watchdog reported a stuck call. */
let stuck: number[]
/** Tokens of calls that were interrupted because they were cancelled. */
let cancelInterrupts: Set<number>

beforeEach(() => {
  clock = new ManualClock()
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

describe('a Python call', () => {
  it('is stopped at its deadline, and its interpreter is killed two seconds later', async () => {
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

  it('is reported once as stuck half a second after its deadline', async () => {
    const dueAt = clock.monotonic() + DEADLINE_MS
    watchdog.watch(1, 'slow', DEADLINE_MS)

    await clock.advance(DEADLINE_MS + 1_900)

    expect(stuck.map((at) => Math.round(at - dueAt))).toEqual([500])
  })

  it('is not stopped while its time limit stands still, and has its remaining time afterwards', async () => {
    watchdog.watch(1, 'parent', DEADLINE_MS)
    await clock.advance(DEADLINE_MS - 10)

    const [first, second] = [watchdog.suspend(1), watchdog.suspend(1)]
    await clock.advance(10 * DEADLINE_MS)
    first()
    first()
    await clock.advance(DEADLINE_MS)
    expect(actions).toEqual([])
    second()
    await clock.advance(9)
    expect(actions).toEqual([])
    await clock.advance(1)
    expect(actions).toEqual(['stop 1'])
    await clock.advance(2_010)

    expect(actions).toEqual(['stop 1', 'kill 1'])
  })

  it('can be cancelled while its time limit stands still', async () => {
    watchdog.watch(1, 'parent', DEADLINE_MS)
    const continueLimit = watchdog.suspend(1)

    watchdog.cancel(1, 'cancelled')
    continueLimit()
    await clock.advance(5_010)

    expect(actions).toEqual(['cancel 1', 'kill 1'])
  })

  it('that is cancelled is stopped immediately, and its interpreter is killed five seconds later', async () => {
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

  it('that exceeded its deadline is not cancelled', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(DEADLINE_MS)

    watchdog.cancel(1, 'cancelled')
    await clock.advance(2_010)

    expect(actions).toEqual(['stop 1', 'kill 1'])
  })

  it('that has ended is not stopped at its deadline', async () => {
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

describe('after the process was suspended for an hour', () => {
  it('a call has its remaining time, accurate to a second', async () => {
    watchdog.watch(1, 'slow', DEADLINE_MS)
    await clock.advance(10_000)

    clock.standStill(3_600_000)
    await clock.advance(DEADLINE_MS - 10_000 - 1_001)
    expect(actions).toEqual([])
    await clock.advance(1_001)

    expect(actions).toEqual(['stop 1'])
  })

  it('a call that is being stopped has two seconds again before its interpreter is killed', async () => {
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

  it('a call that begins afterwards has exactly its own deadline', async () => {
    watchdog.watch(1, 'early', DEADLINE_MS)
    await clock.advance(500)

    clock.standStill(3_600_000)
    watchdog.watch(2, 'late', 1_000)
    await clock.advance(1_000)

    expect(actions).toEqual(['stop 2'])
  })
})
