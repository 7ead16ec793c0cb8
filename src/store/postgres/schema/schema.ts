/** Creates and upgrades the tables of a schema when a store is opened. */

import { SchemaVersions } from '../../schema/versions.ts'
import type { PostgresAddress } from '../session/address.ts'
import { cannotOpen, codeOf, notUpgradable, tooNew, tooOld } from '../session/failures.ts'
import { quoted, type Session } from '../session/session.ts'
import { beginRead, beginUpkeep } from '../session/transaction.ts'
import { MIGRATIONS } from './tables.ts'

const OLDEST_SERVER = 140_000

/** Error of the later one of two processes that create the same object: repeated, it finds the object. */
const UNIQUE_VIOLATION = '23505'
const MAX_ATTEMPTS = 5

/**
 * Processes that build one schema do so one after the other. They lock a table of the schema, since any user of the
 * database may take an advisory lock and keep it.
 */
const VERSIONS = `
CREATE TABLE IF NOT EXISTS cloaca_schema (version integer PRIMARY KEY, applied_at bigint NOT NULL, channel text);
LOCK TABLE cloaca_schema IN SHARE ROW EXCLUSIVE MODE`

/**
 * The first version has the name of the channel of notifications. Other users of the database could listen if it were
 * not random.
 */
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
    throw cannotOpen(address.shown, reason)
  }
  if (!readOnly && server.is_read_only) {
    throw cannotOpen(address.shown, 'its server is a replica, or is set to read-only. Connect to the primary server.')
  }
}

export class Schema extends SchemaVersions {
  constructor(migrations: readonly string[]) {
    super(migrations, { tooNew, notUpgradable })
  }

  /**
   * Creates the tables or upgrades them to the newest version, in one transaction. Throws `DATABASE_TOO_NEW` and
   * `DATABASE_TOO_OLD`, and then changes nothing.
   */
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
        await session.script('ROLLBACK').catch(() => undefined)
        if (codeOf(error) !== UNIQUE_VIOLATION || attempt >= MAX_ATTEMPTS) throw error
      }
    }
  }

  /** Does the same for the first schema of the search path, in the current transaction. */
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
    if (found < this.version) throw tooOld(address.shown, found, this.version)
  }
}

export const SCHEMA = new Schema(MIGRATIONS)

/** A user who may not create schemas may use an existing one: `IF NOT EXISTS` requires the right in either case. */
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
