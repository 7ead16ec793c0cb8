/** Creates and upgrades the tables of a database when it is opened. */

import { MEMORY_PATH } from '../../database-url.ts'
import { SchemaVersions } from '../../schema/versions.ts'
import { Connection } from '../file/connection.ts'
import { notUpgradable, tooNew, tooOld, unused } from '../file/failures.ts'
import { assertComplete, assertOurs, type SchemaParts, schemaParts } from './schema-check.ts'
import { MIGRATIONS } from './tables.ts'

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT'

export class Schema extends SchemaVersions {
  readonly #partsByVersion = new Map<number, SchemaParts>()

  constructor(migrations: readonly string[]) {
    super(migrations, { tooNew, notUpgradable })
  }

  /**
   * Creates the tables or upgrades them to the newest version, in one transaction. Throws `DATABASE_TOO_NEW`,
   * `DATABASE_TOO_OLD`, and `DATABASE_UNAVAILABLE` for tables of another program and for incomplete tables, and then
   * changes nothing.
   */
  migrate(connection: Connection, at: number): void {
    if (storedVersion(connection) !== this.version) {
      // The lock is taken before the version is read again: another process may upgrade the same file.
      connection.atomically(() => {
        const found = this.#checkedVersion(connection)
        connection.script(VERSIONS)
        for (const { version, script } of this.versionsAfter(found)) {
          connection.script(script)
          connection.run('INSERT INTO cloaca_schema (version, applied_at) VALUES (?, ?)', version, at)
        }
      })
    }
    assertComplete(connection, this.#partsOf(this.version))
  }

  /** Throws like `migrate`, and also for a file without tables and for one that a writer would upgrade. */
  assertReadable(connection: Connection): void {
    const found = this.#checkedVersion(connection)
    if (found === 0) throw unused(connection.path)
    if (found < this.version) throw tooOld(connection.path, found, this.version)
  }

  /** Returns the version of a database that can be upgraded, or 0 for a file without tables. */
  #checkedVersion(connection: Connection): number {
    const found = storedVersion(connection)
    this.assertUpgradable(found, connection.path)
    if (found === 0) assertOurs(connection, this.#partsOf(this.version))
    else assertComplete(connection, this.#partsOf(found))
    return found
  }

  /** Returns the names of the tables, columns and indexes of a version, from a database in memory. */
  #partsOf(last: number): SchemaParts {
    const known = this.#partsByVersion.get(last)
    if (known !== undefined) return known
    const model = new Connection(MEMORY_PATH)
    try {
      model.script(VERSIONS)
      for (const { version, script } of this.versionsAfter(0)) if (version <= last) model.script(script)
      const parts = schemaParts(model)
      this.#partsByVersion.set(last, parts)
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
