/** Databases for store tests on PostgreSQL: one database per test file, with a schema that is emptied for each test. */

import pg from 'pg'
import { afterAll, beforeAll, vi } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import type { Driver } from '../../src/store/postgres/session/address.ts'
import { LIMIT_MS } from './limits.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { administer, temporaryDatabase } from './postgres-server.ts'
import { START } from './store-builders.ts'
import type { StoreFactory } from './store-contract.ts'

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
      const connections = new ObservedConnections()
      const clock = new ServerClock(connections, database.url)
      return {
        clock,
        open: async () => {
          const store = await openPostgresStore({
            url: database.url,
            schema: SCHEMA,
            durability: 'normal',
            clock,
            serverNow: () => clock.monotonic(),
            driver: connections.driver,
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

/** Connections of stores, for tests that wait for their work and for their notifications. */
class ObservedConnections {
  /** Connections that are being opened, or that wait for a result. */
  readonly #busy = new Set<pg.Client>()
  /** Last marker that each listening connection has received. */
  readonly #markers = new Map<pg.Client, string>()
  #channel = ''
  #sent = 0

  readonly driver: Driver = { Client: this.#clientClass() }

  /** Waits until the stores wait for nothing but notifications and the clock. */
  async untilIdle(): Promise<void> {
    do {
      await vi.waitUntil(() => this.#busy.size === 0, { timeout: LIMIT_MS, interval: 1 })
      await settle()
    } while (this.#busy.size > 0)
  }

  /** Waits until the stores have received all notifications so far. Notifications arrive in the order of commits. */
  async untilNotified(url: string): Promise<void> {
    if (this.#markers.size === 0) return
    // Stores ignore the probes of other stores.
    const marker = `probe marker ${++this.#sent}`
    await administer(url, `SELECT pg_notify('${this.#channel}', '${marker}')`)
    const areNotified = () => [...this.#markers.values()].every((last) => last === marker)
    await vi.waitUntil(areNotified, { timeout: LIMIT_MS, interval: 1 })
  }

  #clientClass(): Driver['Client'] {
    const [busy, markers] = [this.#busy, this.#markers]
    const listens = (client: pg.Client, channel: string) => {
      this.#channel = channel
      markers.set(client, '')
    }
    return class extends pg.Client {
      constructor(config?: pg.ClientConfig) {
        super(config)
        for (const event of ['connect', 'drain', 'error', 'end'] as const) this.on(event, () => busy.delete(this))
        this.on('end', () => markers.delete(this))
        this.on('notification', ({ payload = '' }) => {
          if (payload.startsWith('probe marker ')) markers.set(this, payload)
        })
      }
      // biome-ignore lint/suspicious/noExplicitAny: one of the overloads of this method
      override connect(...given: any[]): any {
        busy.add(this)
        return (super.connect as (...values: unknown[]) => unknown)(...given)
      }
      // biome-ignore lint/suspicious/noExplicitAny: one of the many overloads of this method
      override query(text: any, ...rest: any[]): any {
        busy.add(this)
        const [, channel] = /^LISTEN "(.+)"$/.exec(String(text)) ?? []
        if (channel !== undefined) listens(this, channel)
        return (super.query as (...values: unknown[]) => unknown)(text, ...rest)
      }
    }
  }
}

/** Clock whose `advance` also waits for the answers and the notifications of the real server. */
class ServerClock extends ManualClock {
  readonly #connections: ObservedConnections
  readonly #url: string

  constructor(connections: ObservedConnections, url: string) {
    super(START)
    this.#connections = connections
    this.#url = url
  }

  override async advance(ms: number): Promise<void> {
    await super.advance(ms)
    await this.#connections.untilIdle()
    await this.#connections.untilNotified(this.#url)
    await this.#connections.untilIdle()
  }
}
