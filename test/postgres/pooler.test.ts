/** Engines that reach the server through a real pooler in transaction mode, and so cannot keep state in a session. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { type Pooler, poolerProgram, startPooler } from '../support/pooler.ts'
import { administer, postgresServer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, FIRST_PAGE, firedTick, newExecution, START } from '../support/store-builders.ts'

const program = poolerProgram()
const STORES = 4

describe.skipIf(program === null)('behind a pooler in transaction mode', () => {
  let pooler: Pooler
  let database: TemporaryDatabase
  let notices: string[]
  const open = (schema: string): Promise<Store> =>
    openPostgresStore({
      url: pooler.url(database.name),
      schema,
      durability: 'full',
      clock: new SystemClock({ keepsProcessAlive: false }),
      notice: (message) => notices.push(message),
    })

  beforeAll(async () => {
    notices = []
    pooler = await startPooler(program ?? '', await postgresServer())
    database = await temporaryDatabase()
  })
  afterAll(async () => {
    await pooler?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  test('stores of several schemas share its connections, and each uses only its own schema', async () => {
    const stores = await Promise.all(Array.from({ length: STORES }, (_, index) => open(`tenant_${index}`)))
    const ids = stores.map(() => Array.from({ length: 25 }, () => newExecution()))

    await Promise.all(
      stores.flatMap((store, index) => [
        store.saveTriggers([declaration({ allowConcurrent: true })], START),
        ...(ids[index] ?? []).map((execution) => store.createExecution(execution, { kind: 'call' }, START)),
        store.recordFired(firedTick({ execution: null })),
      ]),
    )

    for (const [index, store] of stores.entries()) {
      const listed = await store.listExecutions(FIRST_PAGE)
      expect(listed.map(({ id }) => id).sort()).toEqual((ids[index] ?? []).map(({ id }) => id).sort())
      expect(await store.listTicks('inbox', FIRST_PAGE)).toHaveLength(1)
      await store.close()
    }
  })

  test('changes by another store are still noticed, and a warning says that this takes longer', async () => {
    const [one, other] = [await open('shared'), await open('shared')]
    const noticed = new Promise<void>((resolve) => one.onForeignChange(resolve))

    await other.saveTriggers([declaration()], START)
    await noticed

    expect((await one.getTrigger('inbox'))?.name).toBe('inbox')
    await expect.poll(() => notices).toEqual([expect.stringMatching(/pooler in transaction mode.*within one second/s)])
    await Promise.all([one.close(), other.close()])
  })

  test('closed connections to the server neither lose nor duplicate executions', { tags: ['proof'] }, async () => {
    const [store, server] = [await open('ended'), await postgresServer()]
    await store.saveTriggers([declaration({ allowConcurrent: true })], START)
    const executions = Array.from({ length: 60 }, () => newExecution())
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = '${database.name}' AND pid <> pg_backend_pid()`

    const stored = executions.map(async (execution, index) => {
      if (index % 15 === 7) await administer(server.url('postgres'), end)
      await store.recordFired(firedTick({ execution, allowConcurrent: true }))
    })
    await Promise.all(stored)

    const listed = await store.listExecutions(FIRST_PAGE)
    expect(listed.map(({ id }) => id).sort()).toEqual(executions.map(({ id }) => id).sort())
    expect(await store.listFirings('inbox', FIRST_PAGE)).toHaveLength(60)
    await store.close()
  })

  test('a runner polls triggers and runs the executions that they fire', async () => {
    const url = pooler.url(database.name)
    await using observed = await ObservedRunner.start(['deduplication.py'], { database: url, schema: 'served' })

    await observed.until('executionFinished')
    await observed.until('tick', () => true, 5)

    expect(observed.events('trouble')).toEqual([])
  })
})
