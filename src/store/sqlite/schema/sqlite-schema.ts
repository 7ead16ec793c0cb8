/**
 * Creates and upgrades the tables of a database when it is opened. Compares its tables with those that the migrations
 * create, in addition to the version number. Parts that a user added are accepted.
 */

import { MEMORY_PATH } from '../../../database/url.ts'
import { StoreError } from '../../../errors.ts'
import { SchemaVersions } from '../../schema/schema-versions.ts'
import { Connection } from '../file/sqlite-connection.ts'
import { MIGRATIONS } from './sqlite-tables.ts'

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT'

/** Names as a message shows them: `table "x"`, `column "x.y"`, `index "z"`. */
type SchemaParts = ReadonlySet<string>

const LIST_PARTS = `
SELECT 'table "' || name || '"' AS part FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
UNION ALL
SELECT 'column "' || s.name || '.' || c.name || '"'
FROM sqlite_schema s, pragma_table_xinfo(s.name) c WHERE s.type = 'table'
UNION ALL
SELECT 'index "' || name || '"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`

export class Schema extends SchemaVersions {
  readonly #partsByVersion = new Map<number, SchemaParts>()

  constructor(migrations: readonly string[]) {
    super(migrations, {
      other: 'another database file',
      remedy: 'Move the file away to start with a new database, or use another database file.',
      option: (path) => `"${path}"`,
      facts: (path) => ({ path }),
    })
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
    this.assertNewest(this.#checkedVersion(connection), connection.path)
  }

  /** Returns the version of a database that can be upgraded, or 0 for a file without tables. */
  #checkedVersion(connection: Connection): number {
    const found = storedVersion(connection)
    this.assertUpgradable(found, connection.path)
    if (found === 0) assertOurs(connection, this.#partsOf(this.version))
    else assertComplete(connection, this.#partsOf(found))
    return found
  }

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

function schemaParts(connection: Connection): SchemaParts {
  return new Set(connection.all<{ readonly part: string }>(LIST_PARTS).map(({ part }) => part))
}

/** Throws `DATABASE_UNAVAILABLE` if parts are missing. A missing table stands for its columns. */
function assertComplete(connection: Connection, needed: SchemaParts): void {
  const found = schemaParts(connection)
  const isOfMissingTable = (part: string) => {
    const table = /^column "([^.]*)\./.exec(part)?.[1]
    return table !== undefined && !found.has(`table "${table}"`)
  }
  const missing = [...needed].filter((part) => !found.has(part) && !isOfMissingTable(part))
  if (missing.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" is incomplete: it lacks the ${missing.join(', the ')}. Another program has changed it. ` +
    'Restore a copy, or move the file away to start with an empty database.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}

function assertOurs(connection: Connection, ours: SchemaParts): void {
  const taken = [...schemaParts(connection)].filter((part) => part.startsWith('table ') && ours.has(part))
  if (taken.length === 0) return
  const { path } = connection
  const message =
    `Database "${path}" belongs to another program: it has a ${taken.join(' and a ')}, but cloaca needs these names. ` +
    'Use another file for cloaca.'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}
