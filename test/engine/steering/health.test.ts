/** Health check for probes: whether the database accepts a write within a time limit. */

import { describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const WITHIN_MS = 2_000

describe('the health check of a database', () => {
  const start = async () => {
    const refusals = new Refusals()
    const clock = new ManualClock()
    const store = refusals.of(await openSqliteStore({ path: ':memory:', durability: 'normal', clock }))
    const running = await RunningEngine.start({ store, clock })
    return {
      refusals,
      running,
      async [Symbol.asyncDispose]() {
        await running[Symbol.asyncDispose]()
        await store.close()
      },
    }
  }

  it('succeeds if the database accepts a write', async () => {
    await using given = await start()

    expect(await given.running.engine.health.unwritable(WITHIN_MS)).toBeNull()
  })

  it('returns the error of the database if the write fails', async () => {
    await using given = await start()
    given.refusals.refuse('heartbeat', 1)

    expect(await given.running.engine.health.unwritable(WITHIN_MS)).toContain('the disk is full')
    expect(await given.running.engine.health.unwritable(WITHIN_MS)).toBeNull()
  })

  it('fails while the database is locked for longer than the probe waits', async () => {
    await using given = await start()
    const release = given.refusals.hold('heartbeat')

    const locked = given.running.engine.health.unwritable(WITHIN_MS)
    await given.running.clock.advance(WITHIN_MS)
    const why = await locked
    release()

    expect(why).toContain('did not complete a write within 2000 ms')
    expect(await given.running.engine.health.unwritable(WITHIN_MS)).toBeNull()
  })

  it('fails if the engine has not started or was shut down', async () => {
    await using given = await start()
    await given.running.engine.stop({ graceMs: 0 })
    await using idle = await RunningEngine.start({ isIdle: true })

    expect(await given.running.engine.health.unwritable(WITHIN_MS)).toContain('was shut down')
    expect(await idle.engine.health.unwritable(WITHIN_MS)).toContain('has not started')
  })
})
