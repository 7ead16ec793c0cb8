/** Run limits: times until which attempts with limits may run, which heartbeats move. */

import { describe, expect, it } from 'vitest'
import type { RunLimit } from '../../../src/engine/clock-port.ts'
import { Heartbeat } from '../../../src/engine/heartbeat.ts'
import type { Store } from '../../../src/engine/store.ts'
import { limit, workflow } from '../../support/declared.ts'
import { completed } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

/** Other engines take the slots 10 s after the last heartbeat. */
const RUN_WITHIN_MS = 9_000

describe('the run limit of an engine', () => {
  it('is 9 s after the request of the last stored heartbeat, and notifies running attempts', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const heartbeat = new Heartbeat('me', store, clock)
    await heartbeat.open()
    const { runLimit } = heartbeat
    const moves: number[] = []
    const end = runLimit.onMoved(() => moves.push(runLimit.until))
    const first = runLimit.until - clock.monotonic()
    await clock.advance(3_000)
    await heartbeat.beat()
    end()
    await clock.advance(3_000)
    await heartbeat.beat()

    expect(first).toBe(RUN_WITHIN_MS)
    expect(moves).toEqual([77_000 + 3_000 + RUN_WITHIN_MS])
    expect(heartbeat.runLimit).toBe(runLimit)
    await store.close()
  })

  it('is the time of the request, not of the answer of the database', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const slow: Store = Object.create(store, {
      heartbeat: {
        value: async (...given: Parameters<Store['heartbeat']>) => {
          await new Promise<void>((resolve) => clock.wakeAfter(2_000, resolve))
          return await store.heartbeat(...given)
        },
      },
    }) as Store
    const heartbeat = new Heartbeat('me', slow, clock)
    await heartbeat.open()
    const beat = heartbeat.beat()
    await clock.advance(2_000)
    await beat

    expect(heartbeat.runLimit.until - clock.monotonic()).toBe(RUN_WITHIN_MS - 2_000)
    await store.close()
  })

  it('stays over for attempts of before if a heartbeat is stored too late', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const heartbeat = new Heartbeat('me', store, clock)
    await heartbeat.open()
    const { runLimit: late } = heartbeat
    await clock.advance(RUN_WITHIN_MS)
    await heartbeat.beat()

    expect(late.until).toBe(Number.NEGATIVE_INFINITY)
    expect(heartbeat.runLimit.until - clock.monotonic()).toBe(RUN_WITHIN_MS)
    await store.close()
  })

  it('is over immediately if the machine may have slept', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const heartbeat = new Heartbeat('me', store, clock)
    await heartbeat.open()
    let moves = 0
    const { runLimit } = heartbeat
    runLimit.onMoved(() => {
      moves += 1
    })
    heartbeat.doubt()

    expect([moves, runLimit.until]).toEqual([1, Number.NEGATIVE_INFINITY])
    await store.close()
  })
})

it('is given to attempts of limited tasks only, and passes while the database refuses heartbeats', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const refusals = new Refusals()
  const limits: (RunLimit | undefined)[] = []
  {
    await using running = await RunningEngine.start({
      ...{ clock, store: refusals.of(store) },
      workflows: [workflow('w', { free: {}, push: { after: ['free'], limits: ['crm'] } })],
      limits: [limit('crm', { maxActive: 1 })],
      python: (host) => {
        host.task('free', ({ runLimit }) => {
          limits.push(runLimit)
          return completed('{}')
        })
        host.task('push', ({ runLimit }) => {
          limits.push(runLimit)
          return host.after(60_000, completed('{}'))
        })
      },
    })
    running.events.onTroubleSilently(() => undefined)
    await running.engine.submit('w', '{}')
    await clock.advance(20_000)
    const [free, push] = limits
    expect(free).toBeUndefined()
    expect(push?.until).toBeGreaterThan(clock.monotonic())

    refusals.refuse('heartbeat', 100)
    await clock.advance(RUN_WITHIN_MS + 1_000)
    expect(push?.until).toBeLessThan(clock.monotonic())
    refusals.refuse('heartbeat', 0)
  }
  await store.close()
})

it('keeps an attempt from starting whose slot was taken under a lease that ended before the answer', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const refusals = new Refusals()
  const taken = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const slow: Store = Object.create(refusals.of(store), {
    settle: {
      value: async (...given: Parameters<Store['settle']>) => {
        const settled = await store.settle(...given)
        if (given[0].changes.some(({ slots }) => slots?.kind === 'take')) {
          taken.resolve()
          await answered.promise
        }
        return settled
      },
    },
  }) as Store
  const attempts: { readonly attempt: number; readonly forMs: number }[] = []
  {
    await using running = await RunningEngine.start({
      ...{ clock, store: slow, workflows: [workflow('w', { push: { limits: ['crm'] } })] },
      limits: [limit('crm', { maxActive: 1 })],
      python: (host) => {
        host.task('push', ({ attempt, runLimit }) => {
          attempts.push({ attempt, forMs: (runLimit?.until ?? Number.NaN) - clock.monotonic() })
          return completed('{}')
        })
      },
    })
    running.events.onTroubleSilently(() => undefined)
    await running.engine.submit('w', '{}')
    await clock.advance(1_000)
    await taken.promise
    refusals.refuse('heartbeat', 100)
    await clock.advance(RUN_WITHIN_MS + 3_000)
    refusals.refuse('heartbeat', 0)
    await clock.advance(3_000)
    answered.resolve()
    await clock.advance(1)
    const begun = attempts.length
    await clock.advance(10_000)

    expect(begun).toBe(0)
    expect(attempts).toEqual([{ attempt: 1, forMs: expect.any(Number) }])
    expect(attempts[0]?.forMs).toBeGreaterThan(0)
  }
  await store.close()
})
