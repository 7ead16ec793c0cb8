/**
 * Refuses versions of SQLite that can lose commits in a write-ahead log. Up to 3.51.2, restarting the log while another
 * connection checkpoints could omit commits and damage the file. Fixed in 3.51.3, 3.50.7 and 3.44.6.
 */

import { StoreError } from '../../../errors.ts'

/** First fixed release of each line. All later lines are fixed. */
const FIXED: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [3, 44, 6],
  [3, 50, 7],
  [3, 51, 3],
]

/** Whether a version from `sqlite_version()` has the fault. True for a version that cannot be parsed. */
export function hasLogResetFault(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN, patch = 0] = version.split('.').map(Number)
  const line = FIXED.find(([theMajor, theMinor]) => theMajor === major && theMinor === minor)
  if (line !== undefined) return !(patch >= line[2])
  const [lastMajor, lastMinor] = FIXED.at(-1) ?? [0, 0]
  return !(major > lastMajor || (major === lastMajor && minor > lastMinor))
}

/** Throws `DATABASE_UNAVAILABLE`. */
export function assertSoundSqlite(path: string, version: string): void {
  if (!hasLogResetFault(version)) return
  const message =
    `Cannot open database "${path}": SQLite ${version} of the installed better-sqlite3 can lose committed data when ` +
    'several connections write (fixed in 3.51.3, 3.50.7 and 3.44.6). Install the version of better-sqlite3 that ' +
    'cloaca requires: npm ci'
  throw new StoreError('DATABASE_UNAVAILABLE', message, { path })
}
