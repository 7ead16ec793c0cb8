/** Converts errors of SQLite and the file system to errors with file, reason and solution. `cause` has the original. */

import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError, toError } from '../../../errors.ts'
import { cannotOpenError } from '../../store-failures.ts'

export function unavailable(path: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown
  const cause = toError(thrown)
  return cannotOpenError(path, whyUnavailable(path, cause), { path, cause })
}

/** Returns the error for a file that was moved away, and whose log could not be written into it. */
export function leftLog(path: string, log: string): StoreError {
  const reason =
    `"${log}" is the write-ahead log of an earlier database file, and would damage this file. ` +
    'The log contains the newest data of the earlier file. Move the log next to the earlier file, or delete the log.'
  return cannotOpenError(path, reason, { path })
}

/** Returns the error for a step that was queued before the connection was closed. */
export function gone(path: string): StoreError {
  return new StoreError('DATABASE_REPLACED', `Database "${path}" is not open. ${UNTIL_IT_IS_BACK}`, { path })
}

/** Returns the error for a path that no longer names the open file. `isThere`: whether it names another file. */
export function replaced(path: string, isThere: boolean): StoreError {
  const what = isThere ? 'replaced by another file' : 'removed or moved'
  const advice = isThere ? REOPENING : UNTIL_IT_IS_BACK
  const message = `Database "${path}" was ${what} while it was open. ${advice}`
  return new StoreError('DATABASE_REPLACED', message, { path })
}

/** Returns the error for a file that was overwritten, or whose disk is failing. */
export function damaged(path: string, thrown: unknown): StoreError {
  const cause = toError(thrown)
  const message = `Database "${path}" was damaged or overwritten while it was open: ${cause.message}. ${REOPENING}`
  return new StoreError('DATABASE_REPLACED', message, { path, cause })
}

/** Returns the error for a file that replaced the database and cannot be opened. */
export function unusable(path: string, thrown: unknown): StoreError {
  const cause = unavailable(path, thrown)
  const message =
    'The file that replaced the database is unusable, so cloaca accepts no work and polls ' +
    `no triggers. ${cause.message}`
  return new StoreError('DATABASE_REPLACED', message, { path, cause })
}

const REOPENING = 'cloaca is reopening the database. Until it is open, cloaca accepts no work and polls no triggers.'
const UNTIL_IT_IS_BACK =
  'cloaca accepts no work and polls no triggers until the file is back. Move the file back, restore a copy, or ' +
  'create an empty file with this name to start from scratch.'

export function isDamage(thrown: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(sqliteCode(thrown))
}

/** Whether another connection has the lock that a step needs. */
export function isLocked(thrown: unknown): boolean {
  return sqliteCode(thrown) === 'SQLITE_BUSY'
}

const DAMAGE = ' The file is damaged: restore a copy, or move the damaged file away to start with an empty database.'

const ADVICE: Readonly<Record<string, string>> = {
  SQLITE_FULL: ' Free some disk space. Nothing was stored.',
  SQLITE_BUSY: ' Another process has locked the database: end that process or its transaction.',
  SQLITE_READONLY: ' Make the file and its folder writable for this user.',
  SQLITE_CORRUPT: DAMAGE,
  SQLITE_NOTADB: DAMAGE,
  SQLITE_IOERR: ' Reading or writing the disk failed: check the disk.',
}

export function adviceFor(cause: Error): string {
  return ADVICE[sqliteCode(cause)] ?? ''
}

/** Returns the primary code, such as `SQLITE_IOERR` for `SQLITE_IOERR_WRITE`, or an empty string. */
function sqliteCode(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  return code.split('_', 2).join('_')
}

/** Returns the first reason that the file system gives, or the text of SQLite. */
function whyUnavailable(path: string, cause: Error): string {
  const folder = dirname(path)
  const file = kindOf(path)
  if (sqliteCode(cause) === 'SQLITE_NOTADB') return 'file is not a database. Use another file, or move this one away.'
  if (kindOf(folder) === 'missing') return `the folder "${folder}" does not exist. Create it, or use another path.`
  if (file === 'folder') return 'the path is a folder. Use the path of a file.'
  if (file === 'hidden' || (file === 'file' && !isAllowed(path, constants.R_OK | constants.W_OK))) {
    return 'permission denied. Allow this user to read and write the file, or use another file.'
  }
  if (!isAllowed(folder, constants.W_OK | constants.X_OK)) {
    return `permission denied: cannot create files in folder "${folder}". Make it writable, or use another path.`
  }
  return `${cause.message}.${ADVICE[sqliteCode(cause)] ?? ' Check the file and its folder, or use another path.'}`
}

/** Returns the kind of a path. `hidden`: the user may not enter a folder of the path. */
function kindOf(path: string): 'missing' | 'hidden' | 'folder' | 'file' {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'missing'
    return stats.isDirectory() ? 'folder' : 'file'
  } catch {
    return 'hidden'
  }
}

/** `mode`: rights of the user on the file. Writing by default. */
export function isAllowed(path: string, mode = constants.W_OK): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
