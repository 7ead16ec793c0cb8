/** Databases for store tests on PostgreSQL: one database per test file, with a schema that is emptied for each test. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { ManualClock } from './manual-clock.ts'
import { administer, temporaryDatabase } from './postgres-server.ts'
import { START } from './store-builders.ts'
import type { StoreFactory } from './store-contract.ts'

const KEEP_ALL = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null, keysMs: null }
/** Time within which a notification arrives after its commit. */
const HEARD_WITHIN_MS = 20

const SCHEMA = 'site'
/** Statement that empties the schema. Creating its tables again would take ten times as long. */
const EMPTY = `
DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' RESTART IDENTITY CASCADE'
           FROM pg_tables WHERE schemaname = '${SCHEMA}' AND tablename <> 'cloaca_schema');
  PERFORM setval('${SCHEMA}.changes', 1, false);
END $$`

/** Returns the factory of stores. Called at the top of a test file. */
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

/** Clock whose `advance` also waits for the answers of the real server. */
class ServerClock extends ManualClock {
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
    // After this, listeners that were added before have connected.
    for (let times = 0; times < 2; times++) await administer(this.#url, 'SELECT 1')
    await sleep(HEARD_WITHIN_MS)
  }
}
