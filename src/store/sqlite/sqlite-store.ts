/** Opens the store on SQLite. The engine and the command line use it through the `Store` port. */

import { resolve } from 'node:path'
import { MEMORY_PATH } from '../../database/url.ts'
import type { Store } from '../../engine/store.ts'
import { sqlStore } from '../sql-store.ts'
import { fileSystemWarning } from './file/file-system.ts'
import { Connection } from './file/sqlite-connection.ts'
import { unavailable } from './file/sqlite-failures.ts'
import { SqliteDatabase, type SqliteStoreOptions } from './sqlite-database.ts'

/**
 * Opens the database, and creates or upgrades its tables. Rejects with `DATABASE_UNAVAILABLE`, `DATABASE_TOO_NEW`, and
 * `DATABASE_TOO_OLD`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = options.path === MEMORY_PATH ? MEMORY_PATH : resolve(options.path)
  const connection = new Connection(path, options)
  const database = new SqliteDatabase(connection, options)
  try {
    database.prepare()
    if (!connection.isMemory && !connection.isReadOnly) {
      const warning = fileSystemWarning(path, options.readFileSystem)
      if (warning !== null) options.notice?.(warning)
    }
  } catch (error) {
    connection.close()
    throw unavailable(path, error)
  }
  return sqlStore(database, options.clock)
}
