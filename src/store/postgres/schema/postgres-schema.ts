/** Creates and upgrades the tables of a schema when a store is opened. */

import { SchemaVersions } from '../../schema/schema-versions.ts'
import { cannotOpenError } from '../../store-failures.ts'
import type { PostgresAddress } from '../session/address.ts'
import { failureCode } from '../session/postgres-failures.ts'
import { quoted, type Session } from '../session/postgres-session.ts'
import { beginRead, beginUpkeep } from '../session/transaction.ts'
import { MIGRATIONS } from './postgres-tables.ts'

const OLDEST_SERVER = 140_000

/** Error of the later one of two processes that create the same object: repeated, it finds the object. */
const UNIQUE_VIOLATION = '23505'
const MAX_ATTEMPTS = 5

/** Processes build one schema one after the other. Any user can take an advisory lock, so they lock a table. */
const VERSIONS = `
CREATE TABLE IF NOT EXISTS cloaca_schema (version integer PRIMARY KEY, applied_at bigint NOT NULL, channel text);
LOCK TABLE cloaca_schema IN SHARE ROW EXCLUSIVE MODE`

/** The first version has the name of the channel of notifications. It is random, so that other users cannot listen. */
const RECORD_VERSION = `
INSERT INTO cloaca_schema (version, applied_at, channel)
VALUES ($1, $2, CASE WHEN NOT EXISTS (SELECT FROM cloaca_schema)
                     THEN 'cloaca_' || replace(gen_random_uuid()::text, '-', '') END)`

const SERVER = `
SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
       pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only`

/** Throws `DATABASE_UNAVAILABLE` for a server that cannot be written to, or is too old. */
export async function assertUsableServer(session: Session, address: PostgresAddress, readOnly: boolean): Promise<void> {
  const server = await session.one<{ number: number; version: string; is_read_only: boolean }>(SERVER)
  if (server === undefined) return
  if (server.number < OLDEST_SERVER) {
    const reason = `its server is PostgreSQL ${server.version}, but cloaca needs 14 or newer. Upgrade the server.`
    throw cannotOpenError(address.shown, reason)
  }
  if (!readOnly && server.is_read_only) {
    throw cannotOpenError(
      address.shown,
      'its server is a replica, or is set to read-only. Connect to the primary server.',
    )
  }
}

export class Schema extends SchemaVersions {
  constructor(migrations: readonly string[]) {
    super(migrations, {
      other: 'another schema',
      remedy: 'Use another database, or a new schema: add schema=NAME to the URL.',
      option: () => 'URL',
      facts: () => ({}),
    })
  }

  /** Creates or upgrades the tables in one transaction, or throws `DATABASE_TOO_NEW` or `DATABASE_TOO_OLD`. */
  async migrate(session: Session, address: PostgresAddress, at: number): Promise<void> {
    if ((await storedVersion(session, address)) === this.version) return
    for (let attempt = 1; ; attempt++) {
      try {
        await beginUpkeep(session, address)
        if (address.schema !== '') await makeSchema(session, address.schema)
        await this.buildTables(session, address.shown, at)
        await session.script('COMMIT')
        return
      } catch (error) {
        await session.script('ROLLBACK').catch(() => undefined) // Ignored: the error before it is thrown
        if (failureCode(error) !== UNIQUE_VIOLATION || attempt >= MAX_ATTEMPTS) throw error
      }
    }
  }

  /** Does the same as `migrate` for the first schema of the search path, in the current transaction. */
  async buildTables(session: Session, shown: string, at: number): Promise<void> {
    await session.script(VERSIONS)
    const found = await versionIn(session)
    this.assertUpgradable(found, shown)
    for (const { version, script } of this.versionsAfter(found)) {
      await session.script(script)
      await session.run(RECORD_VERSION, version, at)
    }
  }

  /** Throws like `migrate`, and also for a schema without tables and for one that a writer would upgrade. */
  async assertReadable(session: Session, address: PostgresAddress): Promise<void> {
    const found = await storedVersion(session, address)
    this.assertUpgradable(found, address.shown)
    this.assertNewest(found, address.shown)
  }
}

export const SCHEMA = new Schema(MIGRATIONS)

/** Creates a missing schema. `IF NOT EXISTS` would require the right to create also for an existing one. */
async function makeSchema(session: Session, schema: string): Promise<void> {
  const row = await session.one('SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = $1', schema)
  if (row === undefined) await session.script(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
}

/** Returns 0 for a schema without tables of cloaca. */
async function storedVersion(session: Session, address: PostgresAddress): Promise<number> {
  await beginRead(session, address)
  const table = await session.one<{ readonly name: string | null }>("SELECT to_regclass('cloaca_schema')::text AS name")
  const version = table?.name == null ? 0 : await versionIn(session)
  await session.script('COMMIT')
  return version
}

async function versionIn(session: Session): Promise<number> {
  const row = await session.one<{ readonly version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM cloaca_schema',
  )
  return row?.version ?? 0
}
