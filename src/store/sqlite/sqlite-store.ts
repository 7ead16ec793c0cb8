/** Opens the store on SQLite. The engine and the command line use it through the `Store` port. */

import { resolve } from 'node:path'
import type { Store } from '../../engine/ports.ts'
import { MEMORY_PATH } from '../database-url.ts'
import { sqlStore } from '../store.ts'
import { SqliteDatabase } from './database.ts'
import { Connection } from './file/connection.ts'
import { unavailable } from './file/failures.ts'
import { fileSystemWarning } from './file/file-system.ts'
import { SCHEMA } from './schema/schema.ts'
import { isReadOnly, type SqliteStoreOptions } from './store-options.ts'

/**
 * Opens the database, and creates or upgrades its tables. Rejects with `DATABASE_UNAVAILABLE`, `DATABASE_TOO_NEW`, and
 * `DATABASE_TOO_OLD`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = options.path === MEMORY_PATH ? MEMORY_PATH : resolve(options.path)
  const isReading = isReadOnly(options)
  const connection = new Connection(path, isReading ? 'read' : 'write', options)
  try {
    if (isReading) SCHEMA.assertReadable(connection)
    else SCHEMA.migrate(connection, options.clock.now())
    connection.opened()
    if (!connection.isMemory && !isReading) {
      const warning = fileSystemWarning(path, options.readFileSystem)
      if (warning !== null) options.notice?.(warning)
    }
  } catch (error) {
    connection.close()
    throw unavailable(path, error)
  }
  return sqlStore(new SqliteDatabase(connection, options), options.clock)
}
