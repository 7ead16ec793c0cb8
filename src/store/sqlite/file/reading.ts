/** Opens a database file for reading only. Other files in its folder do not change, and no writer waits for a lock. */

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { statOf } from './database-file.ts'
import { cannotOpen, isAllowed } from './failures.ts'

/** Bytes in the header of a database that are 2 if it has a log, else 1. */
const FORMAT_BYTES = [18, 19]

/** Throws `DATABASE_UNAVAILABLE` if there is no file, and errors of SQLite. */
export function openForReading(path: string, timeout: number): Database.Database {
  if (statOf(path) === null) throw cannotOpen(path, 'the file does not exist. Check its path.')
  if ((statOf(`${path}-wal`)?.size ?? 0n) > 0n) return openWithLog(path, timeout)
  if (!isAllowed(path) || !isAllowed(dirname(path))) return openCopy(path)
  // SQLite's read-only mode would leave an empty log behind.
  const database = new Database(path, { timeout, fileMustExist: true })
  database.pragma('query_only = ON')
  return database
}

/** A process has the database open, or died. */
function openWithLog(path: string, timeout: number): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout, readonly: true })
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return database
  } catch (cause) {
    database?.close()
    if (statOf(`${path}-shm`) !== null || isAllowed(dirname(path))) throw cause
    const reason =
      `reading the log "${path}-wal" requires write access to the folder. ` +
      'Copy both files to a folder that you can write to, and open the copy.'
    throw cannotOpen(path, reason, cause)
  }
}

/** Opens a copy in memory, because SQLite opens a database with a log only where it can create the log. */
function openCopy(path: string): Database.Database {
  const bytes = readFileSync(path)
  for (const at of FORMAT_BYTES) if (bytes[at] === 2) bytes[at] = 1
  const database = new Database(bytes)
  database.pragma('query_only = ON')
  return database
}
