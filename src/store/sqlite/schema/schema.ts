/** Creates and upgrades the tables of a database when it is opened. `migrations.ts` has the versions of the tables. */

import { MEMORY_PATH } from '../../database-url.ts'
import { FIRST_SCHEMA_VERSION } from '../../schema-version.ts'
import { Connection } from '../file/connection.ts'
import { notUpgradable, tooNew, tooOld, unused } from '../file/failures.ts'
import { MIGRATIONS } from './migrations.ts'
import { assertComplete, assertOurs, type SchemaParts, schemaParts } from './schema-check.ts'

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT'

export class Schema {
  /** Number of the newest version. */
  readonly version: number
  readonly #migrations: readonly string[]
  readonly #partsByVersion = new Map<number, SchemaParts>()

  constructor(migrations: readonly string[]) {
    this.#migrations = migrations
    this.version = FIRST_SCHEMA_VERSION + migrations.length - 1
  }

  /**
   * Creates the tables or upgrades them to the newest version, in one transaction. Throws `DATABASE_TOO_NEW`,
   * `DATABASE_TOO_OLD`, and `DATABASE_UNAVAILABLE` for tables of another program and for incomplete tables, and then
   * changes nothing.
   */
  migrate(connection: Connection, at: number): void {
    if (storedVersion(connection) !== this.version) {
      // The lock is taken before the version is read again: another process may upgrade the same file.
      connection.atomically(() => this.#migrateFrom(this.#checkedVersion(connection), connection, at))
    }
    assertComplete(connection, this.#partsOf(this.version))
  }

  /** Throws like `migrate`, and also for a file without tables and for one that a writer would upgrade. */
  assertReadable(connection: Connection): void {
    const version = this.#checkedVersion(connection)
    if (version === 0) throw unused(connection.path)
    if (version < this.version) throw tooOld(connection.path, version, this.version)
  }

  #migrateFrom(version: number, connection: Connection, at: number): void {
    connection.script(VERSIONS)
    for (const [index, sql] of this.#migrations.entries()) {
      const created = FIRST_SCHEMA_VERSION + index
      if (created <= version) continue
      connection.script(sql)
      connection.run('INSERT INTO cloaca_schema (version, applied_at) VALUES (?, ?)', created, at)
    }
  }

  /** Returns the version of a database that can be upgraded, or 0 for a file without tables. */
  #checkedVersion(connection: Connection): number {
    const version = storedVersion(connection)
    if (version > this.version) throw tooNew(connection.path, version, this.version)
    if (version > 0 && version < FIRST_SCHEMA_VERSION) throw notUpgradable(connection.path, version)
    if (version > 0) assertComplete(connection, this.#partsOf(version))
    else assertOurs(connection, this.#partsOf(this.version))
    return version
  }

  /** Returns the names of the tables, columns and indexes of a version, from a database in memory. */
  #partsOf(version: number): SchemaParts {
    const known = this.#partsByVersion.get(version)
    if (known !== undefined) return known
    const model = new Connection(MEMORY_PATH)
    try {
      model.script([VERSIONS, ...this.#migrations.slice(0, version - FIRST_SCHEMA_VERSION + 1)].join(';'))
      const parts = schemaParts(model)
      this.#partsByVersion.set(version, parts)
      return parts
    } finally {
      model.close()
    }
  }
}

export const SCHEMA = new Schema(MIGRATIONS)

/** Returns 0 for a database without tables of cloaca. */
function storedVersion(connection: Connection): number {
  // Another program may have a table with this name.
  if (connection.one("SELECT 1 FROM pragma_table_xinfo('cloaca_schema') WHERE name = 'version'") === undefined) return 0
  return connection.one<{ readonly version: number }>('SELECT max(version) AS version FROM cloaca_schema')?.version ?? 0
}
