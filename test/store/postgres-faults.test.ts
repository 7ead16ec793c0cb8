/** What the PostgreSQL store does when the server, or the way to it, fails. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SystemClock } from '../../src/engine/clock.ts'
import type { Store } from '../../src/engine/ports.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { administer, postgresServer } from '../support/postgres-server.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  START,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'

let proxy: PostgresProxy
let store: Store
let notices: string[]

const open = (url: string, given: { readonly readOnly?: boolean } = {}) =>
  openPostgresStore({
    url,
    durability: 'full',
    clock: new SystemClock({ keepsProcessAlive: false }),
    notice: (message) => notices.push(message),
    ...given,
  })

beforeEach(async () => {
  notices = []
  proxy = await PostgresProxy.open()
  store = await open(proxy.url)
})
afterEach(async () => {
  await store.close().catch(() => undefined)
  await proxy[Symbol.asyncDispose]()
})

describe('a connection that breaks', () => {
  test.each(['before', 'after'] as const)(
    '%s a commit has reached the server loses nothing and doubles nothing',
    async (when) => {
      await store.saveTriggers([declaration({ allowConcurrent: true })], START)
      proxy.cuts = { when, times: 3 }
      const executions = Array.from({ length: 30 }, () => newExecution())

      for (const execution of executions.slice(0, 10)) await store.createExecution(execution, { kind: 'call' }, START)
      await Promise.all(
        executions.slice(10).map((execution) => store.recordFired(firedTick({ execution, allowConcurrent: true }))),
      )

      expect(proxy.cuts.times).toBe(0)
      const listed = await store.listExecutions(FIRST_PAGE)
      expect(listed.map(({ id }) => id).sort()).toEqual(executions.map(({ id }) => id).sort())
      expect(await store.listTicks('inbox', FIRST_PAGE)).toHaveLength(20)
    },
  )

  test('in a commit whose step was refused tells the same refusal', async () => {
    proxy.cuts = { when: 'after', times: 1 }
    const execution = newExecution()

    const results = await Promise.allSettled([
      store.createExecution(execution, { kind: 'call' }, START),
      store.recordFired(firedTick({ trigger: 'nobody' })),
    ])

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await store.getExecution(execution.id)).not.toBeNull()
  })

  test('while it is idle is made anew by the next step and the next read', async () => {
    await proxy.away()
    await proxy.back()

    expect(await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    await expect(store.saveTriggers([declaration()], START)).resolves.toHaveLength(1)
  })
})

describe('a server that is away', () => {
  test('what engines report waits for it, and one line says so and one that it is back', async () => {
    await store.saveTriggers([declaration()], START)
    await store.openInstance('engine', START)
    const execution = newExecution()
    await store.createExecution(execution, { kind: 'call' }, START)
    await store.acquireExecutions({ instanceId: 'engine', workflows: ['ingest'], at: START, limit: 1, recover: false })
    await proxy.away()

    store.noteSkip(skippedTick({ at: START + 1 }))
    const fired = store.recordFired(firedTick({ at: START + 2 }))
    const settled = store.settle(
      settlement(execution.id, {
        changes: [completed('only')],
        end: { status: 'Completed', endedAt: START + 3, finalText: '{}', errorMessage: null },
      }),
    )
    const isSettled = await Promise.race([fired, settled, new Promise((resolve) => setTimeout(resolve, 500, 'waits'))])
    await proxy.back()

    expect([isSettled, await fired]).toEqual(['waits', { kind: 'started' }])
    await settled
    expect((await store.getExecution(execution.id))?.status).toBe('Completed')
    const ticks = await store.listTicks('inbox', FIRST_PAGE)
    expect(ticks.map(({ outcome }) => outcome)).toEqual(['fired', 'skipped'])
    expect(notices.filter((notice) => /reached|back/.test(notice))).toMatchObject([
      expect.stringContaining('Cannot reach database'),
      expect.stringContaining('is back after'),
    ])
  })

  test('of reports that wait beyond a limit the oldest is refused, so that memory does not grow without end', async () => {
    await proxy.away()
    const reports = Array.from({ length: 100_001 }, () => store.recordFired(firedTick()))
    const ends = reports.map((report) => report.catch((error: Error) => error.message))

    expect(await ends[0]).toContain('too many operations are queued')
    await store.close().catch(() => undefined)
    expect(await ends.at(-1)).not.toContain('too many operations are queued')
  })

  test('a store that is closed meanwhile refuses what waits, and ends', async () => {
    await proxy.away()
    const waiting = store.recordFired(firedTick())
    const refused = expect(waiting).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

    // It says as well that it could not write what was left.
    await expect(store.close()).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

    await refused
  })

  test('is refused at once when a store is opened, with what to do', async () => {
    await proxy.away()

    await expect(open(proxy.url)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/contains no socket of a server|start the server, or correct/),
    })
  })
})

describe('a server that cannot be used', () => {
  test('a database that does not exist is named', async () => {
    const { url } = await postgresServer()

    await expect(open(url('no_such_database'))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/no_such_database.*Create the database, or correct its name/s),
    })
  })

  test('a wrong password is said, and never shown', async () => {
    await administer(proxy.database.url, "CREATE ROLE someone LOGIN PASSWORD 'right'")
    const url = `postgresql://someone:hunter2@${proxy.database.place}`

    const refused = open(url).catch((error: Error) => error.message)

    expect(await refused).toContain('Correct the user or the password')
    expect(await refused).not.toContain('hunter2')
    await administer(proxy.database.url, 'DROP ROLE someone')
  })

  test('one that takes no writes is refused as a replica, and can be read', async () => {
    const readOnly = `ALTER DATABASE ${proxy.database.name} SET default_transaction_read_only`
    await administer(proxy.database.url, `${readOnly} = on`)

    await expect(open(proxy.url)).rejects.toMatchObject({ message: expect.stringContaining('Connect to the primary') })
    const reader = await open(proxy.url, { readOnly: true })
    expect(await reader.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    await reader.close()
  })

  test('a schema of a newer cloaca is refused and left alone', async () => {
    await administer(proxy.database.url, 'INSERT INTO cloaca_schema VALUES (999, 0)')

    await expect(open(proxy.url)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
    await expect(open(proxy.url, { readOnly: true })).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
  })

  test('a server that is older than 14 is refused with its version', async () => {
    // A server whose settings say so: names of functions are looked for in this schema first.
    await administer(
      proxy.database.url,
      `CREATE SCHEMA old;
       CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql AS
         $$ SELECT CASE name WHEN 'server_version_num' THEN '130012' WHEN 'server_version' THEN '13.12'
                             ELSE pg_catalog.current_setting(name) END $$;
       ALTER DATABASE ${proxy.database.name} SET search_path = old, pg_catalog, public`,
    )

    await expect(open(proxy.url)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/its server is PostgreSQL 13\.12, but cloaca needs 14 or newer/),
    })
  })

  test('a user without the right to make tables is told which right is missing', async () => {
    await administer(proxy.database.url, "CREATE ROLE guest LOGIN PASSWORD 'guest'; CREATE SCHEMA closed")
    const url = `postgresql://guest:guest@${proxy.database.place}?schema=closed`

    await expect(open(url)).rejects.toMatchObject({ message: expect.stringContaining('grant USAGE on the schema') })
    await administer(proxy.database.url, 'DROP ROLE guest')
  })

  test('several that open an empty schema at once all can', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(`${proxy.url}&schema=fresh`)))

    expect(await Promise.all(stores.map((each) => each.listWorkflows()))).toEqual(stores.map(() => []))
    await Promise.all(stores.map((each) => each.close()))
  })
})

describe('clocks', () => {
  test("a clock that differs from the server's by more than a second is worth a line", async () => {
    await store.openInstance('on time', Date.now())
    await store.openInstance('late', Date.now() - 90_000)

    expect(notices).toEqual([expect.stringMatching(/clock of this machine is 9\d\.\d s behind/)])
  })
})

describe('texts', () => {
  test('replaces U+0000 in a reason with U+FFFD, and stores other texts unchanged', async () => {
    const texts = ['a\0b\0', '␀\u2060', '␀\u200d', '\ufffd']
    await store.saveTriggers([declaration({ name: 'inbox' })], START)
    for (const reason of texts) {
      store.noteSkip(skippedTick({ trigger: 'inbox', reason }))
      await store.listTicks('inbox', FIRST_PAGE)
    }

    const ticks = await store.listTicks('inbox', FIRST_PAGE)

    const stored = ticks.map(({ reason }) => reason).reverse()
    expect(stored).toEqual(['a\ufffdb\ufffd', '␀\u2060', '␀\u200d', '\ufffd'])
  })
})
