/** Databases for store tests on PostgreSQL: a database for the test file, and a schema in it that each test finds empty. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { FakeClock } from './fake-clock.ts'
import { administer, temporaryDatabase } from './postgres-server.ts'
import { START } from './store-builders.ts'
import type { StoreFactory } from './store-contract.ts'

const KEEP_ALL = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null }
/** A notification comes a moment after the commit. */
const HEARD_WITHIN_MS = 20

const SCHEMA = 'site'
/** Making its tables anew takes ten times as long. */
const EMPTY = `
DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' RESTART IDENTITY CASCADE'
           FROM pg_tables WHERE schemaname = '${SCHEMA}' AND tablename <> 'cloaca_schema');
  PERFORM setval('${SCHEMA}.changes', 1, false);
END $$`

/** To be called at the top of a test file. */
export function postgresStores(): StoreFactory {
  let database: Awaited<ReturnType<typeof temporaryDatabase>>
  beforeAll(async () => {
    database = await temporaryDatabase()
  })
  afterAll(() => database[Symbol.asyncDispose]())
  return {
    cannotShare: null,
    create: async () => {
      const opened: Store[] = []
      const clock = new ServerClock(opened, database.url)
      return {
        clock,
        open: async () => {
          const store = await openPostgresStore({
            url: database.url,
            schema: SCHEMA,
            durability: 'normal',
            clock,
            serverNow: () => clock.monotonic(),
          })
          opened.push(store)
          return store
        },
        cleanUp: async () => {
          for (const store of opened) await store.close()
          await administer(database.url, EMPTY)
        },
      }
    },
  }
}

/** Real servers answer in real time: moved time is over when they have. */
class ServerClock extends FakeClock {
  readonly #stores: readonly Store[]
  readonly #url: string

  constructor(stores: readonly Store[], url: string) {
    super(START)
    this.#stores = stores
    this.#url = url
  }

  override async advance(ms: number): Promise<void> {
    await super.advance(ms)
    await Promise.allSettled(this.#stores.map((store) => store.prune(KEEP_ALL, START)))
    // Whoever began to listen before has made its connection by now.
    for (let times = 0; times < 2; times++) await administer(this.#url, 'SELECT 1')
    await sleep(HEARD_WITHIN_MS)
  }
}
