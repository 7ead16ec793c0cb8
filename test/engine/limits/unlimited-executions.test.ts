/** Cost of limits for executions and engines without limits. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { SqliteSession } from '../../../src/store/sqlite/file/sqlite-session.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { limit, workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const PLAIN = workflow('plain', { a: {}, b: { after: ['a'] } })
const LIMIT_TABLE = /\b(limits|limit_attempts|limit_values|kept_slots)\b/

afterEach(() => {
  vi.restoreAllMocks()
})

/** Returns the SQL that the store runs during some work. */
async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const methods = ['run', 'one', 'all', 'each', 'allEach'] as const
  const spies = methods.map((method) => vi.spyOn(SqliteSession.prototype, method))
  await work()
  return spies.flatMap((spy) => spy.mock.calls.map(([sql]) => sql))
}

it('an execution without limits runs no statement of limits, also if other workflows have some', async () => {
  const limited = workflow('limited', { a: { limits: ['crm'] } })
  await using running = await RunningEngine.start({
    ...{ workflows: [PLAIN, limited], limits: [limit('crm', { maxActive: 1 })] },
  })

  const ofPlain = await statementsOf(() => running.engine.execute('plain', '{}'))
  const ofLimited = await statementsOf(() => running.engine.execute('limited', '{}'))

  expect(ofPlain.length).toBeGreaterThan(0)
  expect(ofPlain.filter((sql) => LIMIT_TABLE.test(sql))).toEqual([])
  expect(ofLimited.filter((sql) => LIMIT_TABLE.test(sql)).length).toBeGreaterThan(0)
})

it('an engine without limits does not look for free slots when another process changes the database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloaca-unlimited-'))
  const clock = new ManualClock()
  const open = () =>
    openSqliteStore({ path: join(folder, 'shared.db'), durability: 'normal', clock, isProcessAlive: () => true })
  const [store, other] = [await open(), await open()]
  try {
    const releases = vi.spyOn(store.limits, 'release')
    const passes = async (running: RunningEngine): Promise<number> => {
      await running.clock.advance(100)
      const before = releases.mock.calls.length
      const changed = new Promise<void>((resolve) => {
        store.onForeignChange(resolve)
      })
      await other.openInstance('other', clock.now())
      await other.closeInstance('other', clock.now())
      await running.clock.advance(1_000)
      await changed
      await running.clock.advance(10)
      return releases.mock.calls.length - before
    }
    {
      await using running = await RunningEngine.start({ workflows: [PLAIN], store, clock })
      expect(await passes(running)).toBe(0)
    }
    await using running = await RunningEngine.start({
      limits: [limit('crm', { maxActive: 1 })],
      workflows: [PLAIN],
      store,
      clock,
    })
    expect(await passes(running)).toBeGreaterThan(0)
  } finally {
    await store.close()
    await other.close()
    await rm(folder, { recursive: true })
  }
})
