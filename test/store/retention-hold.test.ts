/** Databases of older versions, which kept executions for good: what is said before any of them goes. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EngineEvents } from '../../src/engine/events.ts'
import type { Store } from '../../src/engine/ports.ts'
import { Pruning } from '../../src/engine/upkeep/pruning.ts'
import { Connection } from '../../src/store/sqlite/file/connection.ts'
import { MIGRATIONS } from '../../src/store/sqlite/schema/migrations.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { RunningEngine } from '../support/running-engine.ts'
import { START } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const DAY_MS = 86_400_000
const MONTH = { skippedMs: null, failedMs: null, endedMs: 30 * DAY_MS, firingsMs: null }

let folder: TemporaryFolder
let clock: FakeClock

beforeEach(() => {
  folder = temporaryFolder()
  clock = new FakeClock(START)
})
afterEach(() => folder[Symbol.dispose]())

/** Of version 2, with executions that ended so many days ago; opened by this version. */
async function upgraded(...agesDays: readonly number[]): Promise<Store> {
  const path = folder.file('old.db')
  const connection = new Connection(path)
  connection.script('CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT')
  for (const [index, sql] of MIGRATIONS.slice(0, 2).entries()) {
    connection.script(sql)
    connection.run('INSERT INTO cloaca_schema VALUES (?, 1)', index + 1)
  }
  for (const [index, days] of agesDays.entries()) {
    const endedAt = START - days * DAY_MS
    const insert = `INSERT INTO executions (id, workflow, version, status, origin, created_at, ended_at)
      VALUES (?, 'w', 'v', 'Completed', 'call', ?, ?)`
    connection.run(insert, `e-${index}`, endedAt - 1, endedAt)
  }
  connection.close()
  return await openSqliteStore({ path, durability: 'normal', clock })
}

const page = { limit: 100, offset: 0 }

describe('the executions of an older version', () => {
  test('are counted once, and kept for a day from then on, however long nobody served', async () => {
    await using store = disposable(await upgraded(31, 400, 2))
    const firstAt = START + 100 * DAY_MS

    const first = await store.retentionHold({ ...MONTH, endedMs: 130 * DAY_MS }, firstAt)
    const later = await store.retentionHold(MONTH, firstAt + DAY_MS - 1)
    const over = await store.retentionHold(MONTH, firstAt + DAY_MS)

    expect(first).toEqual({ isNew: true, until: firstAt + DAY_MS, executions: 2 })
    expect(later).toMatchObject({ isNew: false, until: firstAt + DAY_MS })
    expect(over).toBeNull()
    expect(await store.retentionHold(MONTH, firstAt)).toBeNull()
  })

  test('are not spoken of while they are kept for good, and are when they are not any more', async () => {
    await using store = disposable(await upgraded(31))

    expect(await store.retentionHold({ ...MONTH, endedMs: null }, START)).toBeNull()
    expect(await store.retentionHold(MONTH, START + 5 * DAY_MS)).toMatchObject({ isNew: true })
  })

  test('are no concern of a database that this version has made, nor of one that had none', async () => {
    await using made = disposable(await openSqliteStore({ path: folder.file('new.db'), durability: 'normal', clock }))
    await using empty = disposable(await upgraded())

    expect(await made.retentionHold(MONTH, START)).toBeNull()
    expect(await empty.retentionHold(MONTH, START)).toBeNull()
  })

  test('go when the day is over that a serving engine has begun with one warning, which says how many and how to keep them', async () => {
    await using store = disposable(await upgraded(31, 400, 2))
    const warnings: unknown[] = []
    for (let start = 0; start < 2; start += 1) {
      const running = await RunningEngine.start({ store, clock, isIdle: true })
      running.events.on('warning', (warning) => warnings.push(warning))
      await running.engine.start()
      await clock.advance(61_000)
      await running[Symbol.asyncDispose]()
    }
    const kept = await store.listExecutions(page)

    const later = new FakeClock(START + 2 * DAY_MS)
    const pruned = new Pruning({ store, clock: later, events: new EngineEvents() }, MONTH).run()
    await later.advance(2_000)
    await pruned

    expect(warnings).toMatchObject([
      {
        code: 'RETENTION_BEGINS',
        message: expect.stringMatching(
          /executions are removed 30 days after their end.* 2 stored executions .*"never"/,
        ),
      },
    ])
    expect(kept).toHaveLength(3)
    expect(await store.listExecutions(page)).toHaveLength(1)
  })
})

function disposable(store: Store): Store & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}
