/** Brings a database to the tables of this version, once when it is opened; `migrations.ts` says what they are. */

import { MEMORY_PATH } from '../../database-url.ts'
import { Connection } from '../file/connection.ts'
import { tooNew, tooOld, unused } from '../file/failures.ts'
import { MIGRATIONS } from './migrations.ts'
import { assertComplete, assertOurs, type SchemaParts, schemaParts } from './schema-check.ts'

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT'

export const SCHEMA_VERSION = MIGRATIONS.length

const partsByVersion = new Map<number, SchemaParts>()

/**
 * Brings the database to this version, in one transaction. Throws `DATABASE_TOO_NEW`, and `DATABASE_UNAVAILABLE` for
 * tables that are not ours or not complete, having changed nothing.
 */
export function migrate(connection: Connection, at: number): void {
  if (storedVersion(connection) !== SCHEMA_VERSION) {
    // Taken before the version is read again: another process may be doing the same at this moment.
    connection.atomically(() => migrateFrom(checkedVersion(connection), connection, at))
  }
  assertComplete(connection, partsOf(SCHEMA_VERSION))
}

/** For a database that is only read. Throws as `migrate` does, `DATABASE_TOO_OLD`, and for one that nobody has used yet. */
export function assertReadable(connection: Connection): void {
  const version = checkedVersion(connection)
  if (version === 0) throw unused(connection.path)
  if (version < SCHEMA_VERSION) throw tooOld(connection.path, version, SCHEMA_VERSION)
}

function migrateFrom(version: number, connection: Connection, at: number): void {
  connection.script(VERSIONS)
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue
    connection.script(sql)
    connection.run('INSERT INTO cloaca_schema (version, applied_at) VALUES (?, ?)', index + 1, at)
  }
}

/** Throws for a database that cannot be brought to this version. */
function checkedVersion(connection: Connection): number {
  const version = storedVersion(connection)
  if (version > SCHEMA_VERSION) throw tooNew(connection.path, version, SCHEMA_VERSION)
  if (version > 0) assertComplete(connection, partsOf(version))
  else assertOurs(connection, partsOf(SCHEMA_VERSION))
  return version
}

/** What the migrations come to at a version: made once, by making it. */
function partsOf(version: number): SchemaParts {
  const known = partsByVersion.get(version)
  if (known !== undefined) return known
  const model = new Connection(MEMORY_PATH)
  try {
    model.script([VERSIONS, ...MIGRATIONS.slice(0, version)].join(';'))
    const parts = schemaParts(model)
    partsByVersion.set(version, parts)
    return parts
  } finally {
    model.close()
  }
}

function storedVersion(connection: Connection): number {
  // A table of that name may be another program's.
  if (connection.one("SELECT 1 FROM pragma_table_xinfo('cloaca_schema') WHERE name = 'version'") === undefined) return 0
  return connection.one<{ readonly version: number }>('SELECT max(version) AS version FROM cloaca_schema')?.version ?? 0
}
