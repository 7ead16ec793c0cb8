/** Limit on the connections of a tenant's user, and the number of connections that an engine needs. */

import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DAY_MS } from '../../src/store/postgres/schema/table-families.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, FIRST_PAGE } from '../support/store-builders.ts'

let database: TemporaryDatabase
let admin: DatabaseAdmin

beforeAll(async () => {
  database = await temporaryDatabase()
  admin = new DatabaseAdmin(`postgresql://postgres@${database.place}`)
})
afterEach(() => admin.removeTenant('acme', 'c_acme'))
afterAll(() => database?.[Symbol.asyncDispose]())

async function limit(): Promise<unknown> {
  const [row] = await administer(database.url, "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'c_acme'")
  return row?.rolconnlimit
}

it.each([
  ['20 by default', undefined, 20],
  ['the requested limit', 3, 3],
  ['unlimited if 0 is requested', 0, -1],
])('the connection limit of a user is %s', async (_, connections, expected) => {
  await admin.createTenant({
    schemaName: 'acme',
    username: 'c_acme',
    ...(connections !== undefined && { connections }),
  })

  expect(await limit()).toBe(expected)
})

it.each([-1, 1.5, 2 ** 31, Number.NaN])('connection limit %d is rejected without connecting', async (connections) => {
  const nowhere = new DatabaseAdmin('postgresql://127.0.0.1:1/app')

  await expect(nowhere.createTenant({ schemaName: 'acme', username: 'c_acme', connections })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    facts: { path: 'connections' },
  })
})

it('a user cannot open more connections than its limit', async () => {
  const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 'c_acme', connections: 2 })
  const clients = Array.from({ length: 2 }, () => new pg.Client({ connectionString }))
  // Connects one after the other, because the server also counts connections that it is about to reject.
  for (const client of clients) await client.connect()

  await expect(new pg.Client({ connectionString }).connect()).rejects.toMatchObject({ code: '53300' })
  await Promise.all(clients.map((client) => client.end()))
})

/** Returns the largest number of connections that the tenant's user has while `run` is running. */
async function mostConnections(run: () => Promise<void>): Promise<number> {
  const watcher = new pg.Client({ connectionString: database.url })
  await watcher.connect()
  let most = 0
  let isOver = false
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { rows } = await watcher.query(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'c_acme'",
      )
      most = Math.max(most, rows[0].count)
    }
  }
  const watching = watch()
  try {
    await run()
  } finally {
    isOver = true
    await watching
    await watcher.end()
  }
  return most
}

it('an engine with default settings stays below the default limit while it polls, runs and reads', async () => {
  const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 'c_acme' })

  const most = await mostConnections(async () => {
    await using observed = await ObservedRunner.start(['deduplication.py'], { database: connectionString })
    const { runner } = observed
    for (let round = 0; round < 30; round++)
      await Promise.all(Array.from({ length: 40 }, () => runner.executions.list()))
    await observed.until('executionFinished')
    expect(observed.events('trouble')).toEqual([])
  })

  // One connection writes, three read, one listens, and upkeep needs one more. Fewer would mean that the watcher has
  // missed some.
  expect([5, 6]).toContain(most)
})

it('a store opens one more connection while it creates and drops parts of its tables', async () => {
  const { connectionString } = await admin.createTenant({ schemaName: 'acme', username: 'c_acme' })
  const keptMs = { skippedMs: DAY_MS, failedMs: DAY_MS, endedMs: DAY_MS, firingsMs: DAY_MS, keysMs: DAY_MS }

  const most = await mostConnections(async () => {
    let now = Date.now()
    const clock = new SystemClock({ keepsProcessAlive: false })
    const store = await openPostgresStore({ url: connectionString, durability: 'normal', clock, serverNow: () => now })
    store.onForeignChange(() => undefined)
    for (let round = 0; round < 20; round++, now += 7 * DAY_MS) {
      const reads = Array.from({ length: 40 }, () => store.listExecutions(FIRST_PAGE))
      await Promise.all([...reads, store.prune(keptMs, now), store.saveTriggers([declaration()], now)])
    }
    await store.close()
  })

  // The server may still count a connection that has just been closed.
  expect([6, 7]).toContain(most)
})
