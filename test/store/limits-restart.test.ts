/** Limits in a file after a restart of the machine, when its monotonic clock shows earlier times than before. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { LimitedTasks, limit } from '../support/limited-tasks.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { START } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const UPTIME_MS = 30 * 86_400_000
const killed = { host: 'machine', pid: 1, startedAt: 1 }
const begun = { host: 'machine', pid: 2, startedAt: 2 }

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

async function open(clock: ManualClock, process: typeof killed): Promise<Store> {
  const isProcessAlive = (pid: number) => pid === process.pid
  return await openSqliteStore({ path: folder.file('a.db'), durability: 'normal', clock, process, isProcessAlive })
}

test('a slot of the killed engine is free, and a window and a closing last no longer than before', async () => {
  const before = new ManualClock()
  before.standStill(UPTIME_MS)
  const store = await open(before, killed)
  const tasks = new LimitedTasks(store, before)
  await tasks.open()
  await tasks.declare(
    limit({ maxActive: 1 }),
    limit({ name: 'rated', maxActive: null, rate: { count: 1, windowMs: 5_000 } }),
  )
  await tasks.declare(
    limit({ maxActive: 1 }),
    limit({ name: 'rated', maxActive: null, rate: { count: 1, windowMs: 5_000 } }),
    limit({ name: 'closed' }),
  )
  const [held, rated] = await tasks.create(2)
  await tasks.take(held)
  await tasks.take(rated, { name: 'rated' })
  await store.limits.close({ name: 'closed', value: null }, 60_000, START)
  await store.limits.close({ name: 'closed', value: '1' }, null, START)
  await store.close()

  const clock = new ManualClock()
  const again = await open(clock, begun)
  const later = new LimitedTasks(again, clock, 'later')
  await later.open()
  const [first, second] = await later.create(2)

  expect(await later.take(first)).toEqual([])
  expect(await later.take(second, { name: 'rated' })).toHaveLength(1)
  expect(await again.limits.get('closed')).toMatchObject({ closedForMs: 60_000 })
  expect(await again.limits.listValues('closed', { limit: 9, offset: 0 })).toMatchObject([{ closedForMs: null }])
  await clock.advance(5_000)
  expect((await again.limits.release(START)).available).toEqual([second])
  await again.close()
})

test('an offer that nobody takes keeps its slot for 5 s after the restart', async () => {
  const before = new ManualClock()
  before.standStill(UPTIME_MS)
  const store = await open(before, killed)
  const tasks = new LimitedTasks(store, before)
  await tasks.open()
  await tasks.declare(limit({ maxActive: 1 }))
  const [held, offered] = await tasks.create(2)
  await tasks.take(held)
  await tasks.take(offered)
  await tasks.end(held)
  await store.close()

  const clock = new ManualClock()
  const again = await open(clock, begun)
  const later = new LimitedTasks(again, clock, 'later')
  await later.open()
  const [waiting] = await later.create(1)

  expect(await later.take(waiting)).toHaveLength(1)
  await clock.advance(4_999)
  expect((await again.limits.release(START)).available).toEqual([])
  await clock.advance(2)
  expect((await again.limits.release(START)).available).toEqual([waiting])
  await again.close()
})
