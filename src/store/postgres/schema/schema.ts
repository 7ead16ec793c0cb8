/** Brings a schema to the tables of this version, once when a store is opened; `migrations.ts` says what they are. */

import type { PostgresAddress } from '../session/address.ts'
import { codeOf, isReplica, serverTooOld, tooNew, tooOld } from '../session/failures.ts'
import { quoted, type Session } from '../session/session.ts'
import { beginRead, beginUpkeep } from '../session/transaction.ts'
import { MIGRATIONS } from './migrations.ts'

export const SCHEMA_VERSION = MIGRATIONS.length
const OLDEST_SERVER = 140_000

/** Error of the later one of two processes that create the same object: repeated, it finds the object. */
const UNIQUE_VIOLATION = '23505'
const MAX_ATTEMPTS = 5

/**
 * Processes that build one schema do so one after the other. They lock a table of the schema, since any user of the database may take an
 * advisory lock and keep it.
 */
const VERSIONS = `
CREATE TABLE IF NOT EXISTS cloaca_schema (version integer PRIMARY KEY, applied_at bigint NOT NULL);
LOCK TABLE cloaca_schema IN SHARE ROW EXCLUSIVE MODE`

interface ServerRecord {
  readonly version_number: number
  readonly version: string
  readonly is_replica: boolean
  readonly is_read_only: string
}

/** Throws `DATABASE_UNAVAILABLE` for a server that cannot be written to, or is too old. */
export async function assertUsableServer(session: Session, address: PostgresAddress, readOnly: boolean): Promise<void> {
  const server = await session.one<ServerRecord>(
    `SELECT current_setting('server_version_num')::int AS version_number, current_setting('server_version') AS version,
            pg_is_in_recovery() AS is_replica, current_setting('transaction_read_only') AS is_read_only`,
  )
  if (server === undefined) return
  if (server.version_number < OLDEST_SERVER) throw serverTooOld(address.shown, server.version)
  if (!readOnly && (server.is_replica || server.is_read_only === 'on')) throw isReplica(address.shown)
}

/** In one transaction. Throws `DATABASE_TOO_NEW`, having changed nothing. */
export async function migrate(session: Session, address: PostgresAddress, at: number): Promise<void> {
  if ((await storedVersion(session, address)) === SCHEMA_VERSION) return
  for (let attempt = 1; ; attempt++) {
    try {
      await beginUpkeep(session, address)
      if (address.schema !== '') await makeSchema(session, address.schema)
      await buildTables(session, address.shown, at)
      await session.script('COMMIT')
      return
    } catch (error) {
      await session.script('ROLLBACK').catch(() => undefined)
      if (codeOf(error) !== UNIQUE_VIOLATION || attempt >= MAX_ATTEMPTS) throw error
    }
  }
}

/** Brings the tables of the first schema of the search path to this version, in the transaction that is under way. Throws `DATABASE_TOO_NEW`. */
export async function buildTables(session: Session, shown: string, at: number): Promise<void> {
  await session.script(VERSIONS)
  const row = await session.one<{ readonly version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM cloaca_schema',
  )
  const found = row?.version ?? 0
  if (found > SCHEMA_VERSION) throw tooNew(shown, found, SCHEMA_VERSION)
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < found) continue
    await session.script(sql)
    await session.run('INSERT INTO cloaca_schema (version, applied_at) VALUES ($1, $2)', index + 1, at)
  }
}

/** Whoever may not make schemas may use one that is there: `IF NOT EXISTS` asks for the right in either case. */
async function makeSchema(session: Session, schema: string): Promise<void> {
  const row = await session.one('SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = $1', schema)
  if (row === undefined) await session.script(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
}

/** For a store that only reads. Throws as `migrate` does, and `DATABASE_TOO_OLD`. */
export async function assertReadable(session: Session, address: PostgresAddress): Promise<void> {
  const version = await storedVersion(session, address)
  if (version > SCHEMA_VERSION) throw tooNew(address.shown, version, SCHEMA_VERSION)
  if (version < SCHEMA_VERSION) throw tooOld(address.shown, version, SCHEMA_VERSION)
}

/** 0 where nothing of ours is. */
async function storedVersion(session: Session, address: PostgresAddress): Promise<number> {
  await beginRead(session, address)
  try {
    const table = await session.one<{ readonly name: string | null }>(
      "SELECT to_regclass('cloaca_schema')::text AS name",
    )
    if (table?.name == null) return 0
    const row = await session.one<{ readonly version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM cloaca_schema',
    )
    return row?.version ?? 0
  } finally {
    await session.script('ROLLBACK').catch(() => undefined)
  }
}
