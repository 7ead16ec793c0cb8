/** Failures of the PostgreSQL server and of the connection to it, and their effects on the store. */

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { administer, postgresServer } from '../support/postgres-server.ts'
import { SkippingClock } from '../support/skipping-clock.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  newFiring,
  START,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'

let proxy: PostgresProxy
let store: Store
let notices: string[]
let clock: SkippingClock

const open = (url: string, given: { readonly readOnly?: boolean } = {}) =>
  openPostgresStore({
    url,
    durability: 'full',
    clock,
    notice: (message) => notices.push(message),
    ...given,
  })

beforeEach(async () => {
  notices = []
  clock = new SkippingClock({ keepsProcessAlive: false })
  proxy = await PostgresProxy.open()
  store = await open(proxy.url)
})
afterEach(async () => {
  await store.close().catch(() => undefined)
  await proxy[Symbol.asyncDispose]()
})

describe('a connection that breaks', () => {
  test.each(['before', 'after'] as const)(
    '%s a commit has reached the server neither loses nor duplicates executions',
    { tags: ['proof'] },
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

  test.each(['before', 'after'] as const)(
    '%s a commit has reached the server stores the state, the keys and all firings of each poll exactly once',
    { tags: ['proof'] },
    async (when) => {
      await store.saveTriggers([declaration({ initialStateText: '{}' })], START)
      const started: string[] = []
      for (let version = 0; version < 12; version++) {
        proxy.cuts = { when, times: version % 2 }
        const firings = [0, 1, 2].map((row) => newFiring({ key: `row-${3 * version + row}` }))
        const polledState = { version, beforeText: `{"last":${version - 1}}`, afterText: `{"last":${version}}` }

        const result = await store.recordFired(firedTick({ at: START + version, firings, polledState }))

        expect(result).toEqual({ kind: 'several', firings: firings.map(() => ({ kind: 'started' })) })
        expect(proxy.cuts.times).toBe(0)
        started.unshift(...firings.flatMap(({ execution }) => execution?.id ?? []).reverse())
      }

      expect(await store.getState('inbox')).toMatchObject({ version: 12, text: '{"last":11}' })
      expect((await store.listExecutions(FIRST_PAGE)).map(({ id }) => id)).toEqual(started)
      const ticks = await store.listTicks('inbox', FIRST_PAGE)
      expect(ticks.map(({ firings, duplicates }) => [firings, duplicates])).toEqual(Array(12).fill([3, 0]))
    },
  )

  test('after a commit still lets the accepted step of the batch succeed and the rejected step fail', async () => {
    proxy.cuts = { when: 'after', times: 1 }
    const execution = newExecution()

    const results = await Promise.allSettled([
      store.createExecution(execution, { kind: 'call' }, START),
      store.recordFired(firedTick({ trigger: 'nobody' })),
    ])

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await store.getExecution(execution.id)).not.toBeNull()
  })

  test('while idle is replaced by a new connection for the next read and the next write', async () => {
    await proxy.away()
    await proxy.back()

    expect(await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    await expect(store.saveTriggers([declaration()], START)).resolves.toHaveLength(1)
  })
})

describe('a server that cannot be reached', () => {
  test('reports of engines wait until the server is back; its loss and its return are logged once', {
    tags: ['proof'],
  }, async () => {
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
    await expect.poll(() => notices).toContainEqual(expect.stringContaining('Cannot reach database'))
    const isSettled = await Promise.race([fired, settled, new Promise((resolve) => setImmediate(resolve, 'waits'))])
    await proxy.back()
    await clock.skipUntil(settled)

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

  test('the oldest queued report is rejected when there are more than 100,000', async () => {
    await proxy.away()
    const reports = Array.from({ length: 100_001 }, () => store.recordFired(firedTick()))
    const ends = reports.map((report) => report.catch((error: Error) => error.message))

    expect(await ends[0]).toContain('too many operations are queued')
    await store.close().catch(() => undefined)
    expect(await ends.at(-1)).not.toContain('too many operations are queued')
  })

  test('closing the store fails, and rejects the queued reports', async () => {
    await proxy.away()
    const waiting = store.recordFired(firedTick())
    const refused = expect(waiting).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

    // Closing fails as well, because the queued report was not written.
    await expect(store.close()).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

    await refused
  })

  test('opening a store fails immediately, with advice about the server and the URL', async () => {
    await proxy.away()

    await expect(open(proxy.url)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/contains no socket of a server|start the server, or correct/),
    })
  })
})

describe('more reads than connections', () => {
  test('wait for a connection, also while the server does not answer', async () => {
    // The limit for connections is shorter than the time for which the table is locked.
    const driver = { Client: pg.Client, timeouts: { connectionTimeoutMillis: 300, idleTimeoutMillis: 10_000 } }
    const { url } = proxy.database
    const busy = await openPostgresStore({ url, durability: 'full', clock, driver })
    const other = new pg.Client(url)
    await other.connect()
    await other.query('BEGIN; LOCK TABLE workflows IN ACCESS EXCLUSIVE MODE')

    const ends = Promise.allSettled(Array.from({ length: 10 }, () => busy.listWorkflows()))
    await sleep(900)
    await other.query('ROLLBACK')
    await other.end()
    const failures = (await ends).flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    await busy.close()

    expect(failures).toEqual([])
  })
})

describe('a server that cannot be used', () => {
  test('a missing database is named in the error, with the advice to create it', async () => {
    const { url } = await postgresServer()

    await expect(open(url('no_such_database'))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/no_such_database.*Create the database, or correct its name/s),
    })
  })

  test('a wrong password is reported, but not shown in the error', { tags: ['proof'] }, async () => {
    await administer(proxy.database.url, "CREATE ROLE someone LOGIN PASSWORD 'right'")
    const url = `postgresql://someone:hunter2@${proxy.database.place}`

    const refused = open(url).catch((error: Error) => error.message)

    expect(await refused).toContain('Correct the user or the password')
    expect(await refused).not.toContain('hunter2')
    await administer(proxy.database.url, 'DROP ROLE someone')
  })

  test('a read-only server is rejected as a replica, but can be opened for reading', async () => {
    const readOnly = `ALTER DATABASE ${proxy.database.name} SET default_transaction_read_only`
    await administer(proxy.database.url, `${readOnly} = on`)

    await expect(open(proxy.url)).rejects.toMatchObject({ message: expect.stringContaining('Connect to the primary') })
    const reader = await open(proxy.url, { readOnly: true })
    expect(await reader.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    await reader.close()
  })

  test('a schema of a newer cloaca is rejected, for reading as well', async () => {
    await administer(proxy.database.url, 'INSERT INTO cloaca_schema VALUES (999, 0)')

    await expect(open(proxy.url)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
    await expect(open(proxy.url, { readOnly: true })).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
  })

  test('a server older than PostgreSQL 14 is rejected, and the error names its version', async () => {
    // Makes the server report version 13.12: the functions of schema `old` take precedence over its own.
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

  test('a user without the right to create tables gets an error that names the missing right', async () => {
    await administer(proxy.database.url, "CREATE ROLE guest LOGIN PASSWORD 'guest'; CREATE SCHEMA closed")
    const url = `postgresql://guest:guest@${proxy.database.place}?schema=closed`

    await expect(open(url)).rejects.toMatchObject({ message: expect.stringContaining('grant USAGE on the schema') })
    await administer(proxy.database.url, 'DROP ROLE guest')
  })

  test('six stores can open an empty schema at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(`${proxy.url}&schema=fresh`)))

    expect(await Promise.all(stores.map((each) => each.listWorkflows()))).toEqual(stores.map(() => []))
    await Promise.all(stores.map((each) => each.close()))
  })
})

describe('clocks', () => {
  test("a clock that differs from the server's by more than a second causes a warning", async () => {
    await store.openInstance('on time', Date.now())
    await store.openInstance('late', Date.now() - 90_000)

    expect(notices).toEqual([expect.stringMatching(/clock of this machine is 9\d\.\d s behind/)])
  })
})

describe('texts', () => {
  test('the store replaces U+0000 in a reason with U+FFFD, and stores other texts unchanged', async () => {
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
