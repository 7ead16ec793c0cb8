/**
 * Checks of owner and mode for the cache folder. Snapshots and launchers in it are executed, so other users must not be
 * able to change it.
 */

import { chmodSync, existsSync, mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

const ROOT = 0
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** Whether this user, or root, owns it. Where users have no numbers (Windows), everything is. */
export function isOwn({ uid }: Pick<Stats, 'uid'>): boolean {
  const user = process.geteuid?.()
  return user === undefined || uid === user || uid === ROOT
}

/** Whether users other than its owner may write it. */
export function isOpenToOthers({ mode }: Pick<Stats, 'mode'>): boolean {
  return process.geteuid !== undefined && (mode & WRITABLE_BY_OTHERS) !== 0
}

/**
 * Makes a folder for this user alone, with those above it that are missing. Not with Node's `recursive`, which never returns
 * where a folder is there that takes none, as in /proc (seen with Node 26).
 */
export function makeOwnFolder(folder: string): void {
  const above = dirname(folder)
  if (existsSync(folder)) return
  if (!existsSync(above)) makeOwnFolder(above)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process has made it meanwhile
  }
}

/**
 * Makes sure that nobody else can put a file into a folder, or replace one: takes the right from the others where the
 * folder is ours. Throws where that cannot be had, as in a folder that another user owns. In a sticky folder, like /tmp,
 * nobody but its owner can replace what others own.
 */
export function closeToOthers(folder: string): void {
  const status = statSync(folder)
  if (!isOwn(status)) throw new Error(`another user owns the folder "${folder}", whose files cloaca runs`)
  if (!isOpenToOthers(status) || (status.mode & STICKY) !== 0) return
  if (status.uid === process.geteuid?.()) {
    chmodSync(folder, status.mode & 0o777 & ~WRITABLE_BY_OTHERS)
    return
  }
  const mode = (status.mode & 0o777).toString(8)
  throw new Error(`other users can write to the folder "${folder}" (mode ${mode}), whose files cloaca runs`)
}

/** Makes folders, the outer ones first: nothing is made in one before it is certain that others cannot change it. Throws as `closeToOthers` does. */
export function makeClosedFolders(...folders: readonly string[]): void {
  for (const folder of folders) {
    makeOwnFolder(folder)
    closeToOthers(folder)
  }
}
