/** Opens the store on PostgreSQL. The engine and the command line use it through the `Store` port. */

import type { Client } from 'pg'
import type { Store } from '../../engine/store.ts'
import { sqlStore } from '../sql-store.ts'
import { PostgresDatabase, type PostgresStoreOptions } from './postgres-database.ts'
import { inOwnRole, withOwnSchema } from './schema/owners.ts'
import { assertUsableServer, SCHEMA } from './schema/postgres-schema.ts'
import { postgresAddress } from './session/address.ts'
import { databaseUnavailableError } from './session/postgres-failures.ts'
import { knownChanges } from './session/postgres-foreign-changes.ts'
import { connect, Session } from './session/postgres-session.ts'

/**
 * Opens the database, and creates or upgrades its tables. Rejects with `INVALID_DATABASE_URL`, `DATABASE_UNAVAILABLE`,
 * `DATABASE_TOO_NEW`, and `DATABASE_TOO_OLD`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const named = postgresAddress(options.url, options.schema ?? null, options.driver)
  const isReading = options.readOnly ?? false
  let database: PostgresDatabase | undefined
  let client: Client | undefined
  try {
    client = await connect(named, (lost) => database?.lostConnection(lost))
    const session = new Session(client)
    await assertUsableServer(session, named, isReading)
    const address = await inOwnRole(session, await withOwnSchema(session, named), options.notice)
    if (isReading) await SCHEMA.assertReadable(session, address)
    else await SCHEMA.migrate(session, address, options.clock.now())
    database = new PostgresDatabase(client, address, await knownChanges(session, address), options)
    if (!isReading) await database.upkeep.run(null, 0)
    return sqlStore(database, options.clock)
  } catch (error) {
    await client?.end().catch(() => undefined) // Ignored: the error before it is thrown
    throw databaseUnavailableError(named.shown, error)
  }
}
