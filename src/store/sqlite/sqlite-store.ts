/** Opens the store on SQLite. The engine and the command line use it through the `Store` port. */

import { resolve } from 'node:path'
import type { Store } from '../../engine/ports.ts'
import { MEMORY_PATH } from '../database-url.ts'
import { Connection } from './file/connection.ts'
import { unavailable } from './file/failures.ts'
import { fileSystemWarning } from './file/file-system.ts'
import { assertReadable, migrate } from './schema/schema.ts'
import { SqliteStore } from './store.ts'
import { isReadOnly, type SqliteStoreOptions } from './store-options.ts'

/** Opens or creates the database and brings its tables to this version. Rejects with `DATABASE_UNAVAILABLE`, `DATABASE_TOO_NEW`, and for reading only with `DATABASE_TOO_OLD`. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = options.path === MEMORY_PATH ? MEMORY_PATH : resolve(options.path)
  const isReading = isReadOnly(options)
  const connection = new Connection(path, isReading ? 'read' : 'write', options)
  try {
    if (isReading) assertReadable(connection)
    else migrate(connection, options.clock.now())
    connection.opened()
    if (!connection.isMemory && !isReading) {
      const warning = fileSystemWarning(path, options.readFileSystem)
      if (warning !== null) options.notice?.(warning)
    }
  } catch (error) {
    connection.close()
    throw unavailable(path, error)
  }
  return new SqliteStore(connection, options)
}
