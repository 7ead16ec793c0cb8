/**
 * Opens a database file for reading only. The connection calls it for whoever promised to write nothing: what lies beside
 * the file stays as it is, too, and no lock is taken that a writer would wait for.
 */

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { StoreError } from '../../../errors.ts'

/** Bytes of a database's header that say whether it has a log: 1 without, 2 with. */
const FORMAT_BYTES = [18, 19]

/** Throws `DATABASE_UNAVAILABLE` when there is no file, and as SQLite does. */
export function openForReading(path: string, timeout: number): Database.Database {
  const size = sizeOf(path)
  if (size === null) {
    throw new StoreError(
      'DATABASE_UNAVAILABLE',
      `Cannot open database "${path}": the file does not exist. Check its path.`,
      { path },
    )
  }
  if ((sizeOf(`${path}-wal`) ?? 0) > 0) return openWithLog(path, timeout)
  if (!mayWrite(path) || !mayWrite(dirname(path))) return openCopy(path)
  // Read-only in SQLite's sense would leave an empty log behind; so it is removed by whoever closes last, as always.
  const database = new Database(path, { timeout, fileMustExist: true })
  database.pragma('query_only = ON')
  return database
}

/** A process has it open, or died. */
function openWithLog(path: string, timeout: number): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout, readonly: true })
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return database
  } catch (cause) {
    database?.close()
    if (sizeOf(`${path}-shm`) !== null || mayWrite(dirname(path))) throw cause
    const message =
      `Cannot open database "${path}": reading the log "${path}-wal" requires write access to the folder. ` +
      'Copy both files to a folder that you can write to, and open the copy.'
    throw new StoreError('DATABASE_UNAVAILABLE', message, { path, cause })
  }
}

/** What nobody can write is the same in memory: SQLite opens a file of a database with a log only where it can make one. */
function openCopy(path: string): Database.Database {
  const bytes = readFileSync(path)
  for (const at of FORMAT_BYTES) if (bytes[at] === 2) bytes[at] = 1
  const database = new Database(bytes)
  database.pragma('query_only = ON')
  return database
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Null: there is no such file, or it may not be looked at. */
function sizeOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? null
  } catch {
    return null
  }
}
