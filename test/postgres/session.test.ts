/** Use of the connections to PostgreSQL: notifications, errors of statements sent together, and listening. */

import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { postgresLiveness } from '../../src/store/postgres/postgres-liveness.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { StepSession } from '../../src/store/postgres/session/postgres-session.ts'
import { thisProcess } from '../../src/store/process-identity.ts'
import { acquiredExecution } from '../support/acquired-execution.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import {
  change,
  declaration,
  firedTick,
  newAction,
  newExecution,
  START,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'

const clock = new SystemClock({ keepsProcessAlive: false })
let database: TemporaryDatabase
let stores: Store[]

beforeEach(async () => {
  database = await temporaryDatabase()
  stores = []
})
afterEach(async () => {
  for (const store of stores) await store.close()
  await database[Symbol.asyncDispose]()
})

async function open(options: Partial<Parameters<typeof openPostgresStore>[0]> = {}): Promise<Store> {
  const store = await openPostgresStore({ url: database.url, durability: 'normal', clock, ...options })
  stores.push(store)
  return store
}

describe('other engines', () => {
  test('are not notified of skips, firings and logs', async () => {
    const store = await open()
    await store.saveTriggers([declaration()], START)
    const [before] = await administer(database.url, 'SELECT last_value FROM changes')

    store.noteSkip(skippedTick())
    await store.recordFired(firedTick({ execution: null }))
    await store.listTicks('inbox', { limit: 10, offset: 0 })

    expect(await administer(database.url, 'SELECT last_value FROM changes')).toEqual([before])
  })

  test('are notified of an opened wait, and of its end by an engine that does not own the execution', async () => {
    const [owner, sender] = [await open(), await open()]
    const { id } = await acquiredExecution(owner, { tasks: ['decided', 'long'] })
    const lastChange = async () => await administer(database.url, 'SELECT last_value FROM changes')
    const wait = { kind: 'signal', openedAt: START, deadlineAt: START + 1_000, signal: 'decision', key: '' } as const

    const before = await lastChange()
    await owner.settle(settlement(id, { changes: [change('decided', { status: 'Waiting', wait })] }))
    const opened = await lastChange()
    const signal = { id: 's', name: 'decision', key: '', payloadText: '1', fingerprint: '', source: 'http', at: START }
    expect(await sender.signals.send(signal, newAction({ id: 'a', kind: 'signal' }))).toMatchObject({ state: 'used' })

    expect(opened).not.toEqual(before)
    expect(await lastChange()).not.toEqual(opened)
  })
})

describe('a step that sends statements without waiting', () => {
  test('fails with the error of the first failed statement, not with that of the aborted transaction', async () => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const liveness = postgresLiveness(
      thisProcess(),
      () => true,
      () => null,
    )
    const session = new StepSession(client, { liveness, newId: () => 'id' })
    await session.script('BEGIN')

    const carriedOut = session.carryOut(function* (sender) {
      sender.run('SELECT 1 / 0')
      return yield* sender.one('SELECT 1')
    })

    await expect(carriedOut).rejects.toMatchObject({ code: '22012' })
    await client.end()
  })

  test('fails with the reason for which the transaction could not begin', async () => {
    await administer(
      database.url,
      `CREATE ROLE begin_owner NOLOGIN; CREATE ROLE begin_user LOGIN PASSWORD 'pw';
       GRANT begin_owner TO begin_user; CREATE SCHEMA begun AUTHORIZATION begin_owner`,
    )
    const url = database.url.replace(/\/\/[^@]*@/, '//begin_user:pw@')
    const store = await open({ url, schema: 'begun' })
    await administer(database.url, 'REVOKE begin_owner FROM begin_user')

    const refused = store.createExecution(newExecution(), { kind: 'call' }, START)

    await expect(refused).rejects.toThrow(/begin_owner/)
    await administer(database.url, 'GRANT begin_owner TO begin_user')
    await store.close()
    await administer(database.url, 'DROP SCHEMA begun CASCADE; DROP ROLE begin_owner, begin_user')
  })
})

test('a connection that cannot listen is closed before another one is opened', async () => {
  const fake = new ManualClock(START)
  const deaf: { opened: number; ended: number } = { opened: 0, ended: 0 }
  class DeafClient extends pg.Client {
    #isDeaf = false
    // biome-ignore lint/suspicious/noExplicitAny: one of the many overloads of this method
    override query(text: any, ...rest: any[]): any {
      if (!String(text).startsWith('LISTEN')) return (super.query as (...values: unknown[]) => unknown)(text, ...rest)
      this.#isDeaf = true
      deaf.opened += 1
      return Promise.reject(new Error('LISTEN is refused'))
    }
    // biome-ignore lint/suspicious/noExplicitAny: one of the many overloads of this method
    override end(...given: any[]): any {
      if (this.#isDeaf) deaf.ended += 1
      return (super.end as (...values: unknown[]) => unknown)(...given)
    }
  }
  const store = await open({ clock: fake, driver: { Client: DeafClient } })
  store.onForeignChange(() => {})

  await expect.poll(() => deaf.opened).toBe(1)
  for (const opened of [2, 3]) {
    await expect.poll(() => deaf.ended).toBe(opened - 1)
    await expect.poll(() => fake.advance(5_000).then(() => deaf.opened)).toBe(opened)
  }
})
