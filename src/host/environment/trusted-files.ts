/**
 * Checks of owner and mode for the cache folder. Snapshots and launchers in it are executed, so other users must not be
 * able to change it.
 */

import { chmodSync, existsSync, mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

const ROOT = 0
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** Whether this user, or root, is the owner. True on Windows, where users have no numbers. */
export function isOwnFile({ uid }: Pick<Stats, 'uid'>): boolean {
  const user = process.geteuid?.()
  return user === undefined || uid === user || uid === ROOT
}

export function isWritableByOthers({ mode }: Pick<Stats, 'mode'>): boolean {
  return process.geteuid !== undefined && (mode & WRITABLE_BY_OTHERS) !== 0
}

/**
 * Makes a folder, with its missing parents, for this user alone. Node's `recursive` is not used, because it never
 * returns if a parent accepts no folders, as in /proc (seen with Node 26).
 */
export function makeOwnFolder(folder: string): void {
  const above = dirname(folder)
  if (existsSync(folder)) return
  if (!existsSync(above)) makeOwnFolder(above)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process has made it
  }
}

/**
 * Removes the write permission of other users from our folder, so that nobody else can add or replace files. Throws if
 * that is not possible, as in another user's folder. In a sticky folder, like /tmp, only owners can replace files.
 */
export function removeWriteOfOthers(folder: string): void {
  const status = statSync(folder)
  // Uncoded: the reason why an interpreter does not start
  if (!isOwnFile(status)) throw new Error(`another user owns the folder "${folder}", whose files cloaca runs`)
  if (!isWritableByOthers(status) || (status.mode & STICKY) !== 0) return
  if (status.uid === process.geteuid?.()) {
    chmodSync(folder, status.mode & 0o777 & ~WRITABLE_BY_OTHERS)
    return
  }
  const mode = (status.mode & 0o777).toString(8)
  // Uncoded: the reason why an interpreter does not start
  throw new Error(`other users can write to the folder "${folder}" (mode ${mode}), whose files cloaca runs`)
}

/** Makes folders, the outer ones first, and closes each to others before the next. Throws as `removeWriteOfOthers`. */
export function makeClosedFolders(...folders: readonly string[]): void {
  for (const folder of folders) {
    makeOwnFolder(folder)
    removeWriteOfOthers(folder)
  }
}
