/**
 * Refuses versions of SQLite that can lose commits in a write-ahead log. Up to 3.51.2, restarting the log while another
 * connection checkpoints could omit commits and damage the file. Fixed in 3.51.3, 3.50.7 and 3.44.6.
 */

import { cannotOpenError } from '../../store-failures.ts'

/** First fixed patch of each line of SQLite 3. All later lines are fixed. */
const FIXED_PATCHES: ReadonlyMap<number, number> = new Map([
  [44, 6],
  [50, 7],
  [51, 3],
])

/** Returns whether a version from `sqlite_version()` has the fault. True for a version that cannot be parsed. */
export function hasLogResetFault(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN, patch = 0] = version.split('.').map(Number)
  if (major !== 3) return !(major > 3)
  const fixedPatch = FIXED_PATCHES.get(minor)
  return fixedPatch === undefined ? !(minor > 51) : !(patch >= fixedPatch)
}

/** Throws `DATABASE_UNAVAILABLE`. */
export function assertSoundSqlite(path: string, version: string): void {
  if (!hasLogResetFault(version)) return
  const reason =
    `SQLite ${version} of the installed better-sqlite3 can lose committed data when several connections write ` +
    '(fixed in 3.51.3, 3.50.7 and 3.44.6). Install the version of better-sqlite3 that cloaca requires: npm ci'
  throw cannotOpenError(path, reason, { path })
}
