/**
 * Limits the files that SQLite opens (`ATTACH`, `VACUUM INTO`, journals, copies), which Node does not see: the addon is
 * an extension that checks names in SQLite's file layer. Restricted interpreters must not use SQLite without it.
 */

import { binary, binaryPath, binaryProblem } from '../binary.ts'

/** Folders with symbolic links resolved, in which (and below which) SQLite may open files. */
export interface SqliteFolders {
  readonly readable: readonly string[]
  readonly writable: readonly string[]
}

export interface SqliteRefusal {
  readonly path: string
  readonly isToWrite: boolean
}

interface ExtensibleDatabase {
  loadExtension(path: string, entryPoint: string): unknown
}

/** Exports of addon.cc for SQLite. Refusals are pairs of a path and whether it was to be written. */
interface Addon {
  setSqliteFolders(readable: readonly string[], writable: readonly string[]): boolean
  isSqliteGuarded(): boolean
  takeSqliteRefusals(): readonly (string | boolean)[]
}

const addon = binary as Addon | null
const ENTRY_POINT = 'cloaca_guard_sqlite'

/**
 * Limits a database's SQLite for the rest of the process, and disables further extensions. Returns why it cannot be
 * limited, or null. Throws if the process is limited already.
 */
export function limitSqlite(database: ExtensibleDatabase, { readable, writable }: SqliteFolders): string | null {
  if (addon === null || binaryPath === null) return binaryProblem ?? 'the native addon is missing'
  if (!addon.setSqliteFolders(readable, writable))
    // Uncoded: ends the start of an interpreter, and is its reason
    throw new Error('the file access of SQLite is already restricted in this process')
  database.loadExtension(binaryPath, ENTRY_POINT)
  return addon.isSqliteGuarded() ? null : 'SQLite did not load the native addon of cloaca'
}

/** Returns the refused files since the last call, the oldest first. */
export function takeSqliteRefusals(): readonly SqliteRefusal[] {
  const answer = addon?.takeSqliteRefusals() ?? []
  const paths = answer.filter((each) => typeof each === 'string')
  return paths.map((path, index) => ({ path, isToWrite: answer[2 * index + 1] === true }))
}
