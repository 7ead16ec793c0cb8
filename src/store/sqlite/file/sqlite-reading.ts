/** Opens a database file for reading only. Other files in its folder do not change, and no writer waits for a lock. */

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { cannotOpenError } from '../../store-failures.ts'
import { fileStatus } from './database-file.ts'
import { isAllowed } from './sqlite-failures.ts'

/** Bytes in the header of a database that are 2 if it has a log, else 1. */
const FORMAT_BYTES = [18, 19]

/** Throws `DATABASE_UNAVAILABLE` if there is no file, and errors of SQLite. */
export function openForReading(path: string, timeout: number): Database.Database {
  if (fileStatus(path) === null) throw cannotOpenError(path, 'the file does not exist. Check its path.', { path })
  if ((fileStatus(`${path}-wal`)?.size ?? 0n) > 0n) return openWithLog(path, timeout)
  if (!isAllowed(path) || !isAllowed(dirname(path))) return openCopy(path)
  // SQLite's read-only mode would leave an empty log behind.
  const database = new Database(path, { timeout, fileMustExist: true })
  database.pragma('query_only = ON')
  return database
}

/** Opens a database with a log: a process has it open, or died. */
function openWithLog(path: string, timeout: number): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout, readonly: true })
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return database
  } catch (cause) {
    database?.close()
    if (fileStatus(`${path}-shm`) !== null || isAllowed(dirname(path))) throw cause
    const reason =
      `reading the log "${path}-wal" requires write access to the folder. ` +
      'Copy both files to a folder that you can write to, and open the copy.'
    throw cannotOpenError(path, reason, { path, cause })
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
