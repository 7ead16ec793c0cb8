/** Acquisition of executions while a client keeps a snapshot open, so that PostgreSQL cannot clean up removed rows. */

import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import type { Session } from '../../src/store/postgres/session/postgres-session.ts'
import { beginWrite } from '../../src/store/postgres/session/transaction.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { newExecution } from '../support/store-builders.ts'

/** Clock whose monotonic time stands still, so that the store repeats no full scan because of the time. */
class StoppedClock extends SystemClock {
  override monotonic(): number {
    return 0
  }
}

let database: TemporaryDatabase
let store: Store

beforeEach(async () => {
  database = await temporaryDatabase()
  store = await openPostgresStore({
    url: database.url,
    durability: 'normal',
    clock: new StoppedClock({ keepsProcessAlive: false }),
  })
  await store.openInstance('engine', Date.now())
})
afterEach(async () => {
  await store.close()
  await database[Symbol.asyncDispose]()
})

const acquire = async (at: number, recover = false): Promise<readonly string[]> => {
  const acquisition = { instanceId: 'engine', workflows: ['ingest'], at, limit: 10, recover }
  return (await store.acquireExecutions(acquisition)).map(({ id }) => id)
}

test('acquiring and creating executions does not read the index entries of 20,000 removed rows', async () => {
  const holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM active_executions')
  // Imitates 20,000 executions that ran while the snapshot was open.
  const gone = `
    INSERT INTO active_executions (execution_seq, id, workflow, version, origin, created_at)
    SELECT n, 'gone ' || n, 'ingest', 'v', 'call', 1000 + n FROM generate_series(1, 20000) n;
    DELETE FROM active_executions`
  // The first acquisition scans the whole table, so it comes before the removed rows.
  await acquire(Date.now())
  await administer(database.url, gone)

  for (let index = 0; index < 20; index++) {
    const execution = newExecution()
    const [, taken] = await Promise.all([
      store.createExecution(execution, { kind: 'call' }, Date.now()),
      acquire(Date.now()),
    ])
    expect(taken).toEqual([execution.id])
  }

  // A single scan of the removed rows would read 20,000 entries.
  const read = "SELECT idx_tup_read AS n FROM pg_stat_user_indexes WHERE indexrelname = 'active_executions_unowned'"
  await expect.poll(async () => Number((await administer(database.url, read))[0]?.n)).toBeGreaterThan(0)
  expect(Number((await administer(database.url, read))[0]?.n)).toBeLessThan(10_000)
  await holder.query('COMMIT')
  await holder.end()
})

test('an execution from an engine with a clock 10 minutes behind is found by the next full scan', async () => {
  await acquire(Date.now())
  const late = newExecution()
  await store.createExecution(late, { kind: 'call' }, Date.now() - 600_000)

  expect(await acquire(Date.now())).toEqual([])
  expect(await acquire(Date.now(), true)).toEqual([late.id])
})

test('a write transaction scans a whole table without just-in-time compilation by the server', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const script = async (sql: string) => [await client.query(sql)].flat().map(({ rows }) => rows)

  await beginWrite({ script } as unknown as Session, { schema: '', role: null }, false)
  const [lines = []] = await script('EXPLAIN ANALYZE SELECT count(*) FROM instances WHERE host <> id')
  await client.end()

  const plan = lines.map((line: Readonly<Record<string, string>>) => line['QUERY PLAN']).join('\n')
  expect(plan).toContain('Seq Scan on instances')
  expect(plan).not.toContain('JIT')
})
