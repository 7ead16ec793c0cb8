/** Locks that another client takes on a table that an engine needs: the wait for them, and the error after 15 s. */

import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, FIRST_PAGE, firedTick, newExecution, START } from '../support/store-builders.ts'

/** System clock whose monotonic time a test can move forward. */
class MovedClock extends SystemClock {
  addedMs = 0
  override monotonic(): number {
    return super.monotonic() + this.addedMs
  }
}

let database: TemporaryDatabase
let store: Store
let clock: MovedClock
let holder: pg.Client

beforeEach(async () => {
  database = await temporaryDatabase()
  clock = new MovedClock({ keepsProcessAlive: false })
  store = await openPostgresStore({ url: database.url, durability: 'full', clock })
  await store.saveTriggers([declaration()], START)
  holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE active_executions IN ACCESS EXCLUSIVE MODE')
})
afterEach(async () => {
  await holder.end()
  await store.close()
  await database[Symbol.asyncDispose]()
})

test('a transaction is repeated after a lock time-out, and its step is stored once', { tags: ['proof'] }, async () => {
  const execution = newExecution()
  const fired = store.recordFired(firedTick({ execution }))
  // Waits until the lock time-out of the server has ended the first transaction.
  await expect.poll(() => store.counters.locked).toBeGreaterThan(0)
  await holder.query('COMMIT')

  expect(await fired).toEqual({ kind: 'started' })
  expect(await store.listExecutions(FIRST_PAGE)).toMatchObject([{ id: execution.id }])
  expect(await store.listTicks('inbox', FIRST_PAGE)).toHaveLength(1)
})

test('a lock that lasts longer than 15 s causes an error, and the step is not stored', async () => {
  const refused = store.createExecution(newExecution(), { kind: 'call' }, START).catch((error: Error) => error)
  clock.addedMs = 15_000

  expect(await refused).toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringMatching(/Another transaction blocks this operation/),
  })
  await holder.query('COMMIT')
  expect(await store.listExecutions(FIRST_PAGE)).toEqual([])
})
