/**
 * Which SQLite may write to a database with a write-ahead log. Asked when a connection opens.
 *
 * Up to 3.51.2, a log that is begun again while another connection checkpoints could leave out what was committed, and
 * damage the file. Mended in 3.51.3, and in 3.50.7 and 3.44.6 of the older lines.
 */

import { StoreError } from '../../../errors.ts'

/** The first sound release of each line. From the last one on, every release is. */
const MENDED: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [3, 44, 6],
  [3, 50, 7],
  [3, 51, 3],
]

/** Whether a version, as `sqlite_version()` writes it, has the fault. One that cannot be read is taken to have it. */
export function hasLogResetFault(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN, patch = 0] = version.split('.').map(Number)
  const line = MENDED.find(([theMajor, theMinor]) => theMajor === major && theMinor === minor)
  if (line !== undefined) return !(patch >= line[2])
  const [lastMajor, lastMinor] = MENDED.at(-1) ?? [0, 0]
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
