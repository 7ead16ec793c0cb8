/**
 * Decides whether a settings file or a folder of packages may be used: only this user and root may be able to change
 * it. The mode of the folder around it does not matter, because a file that another user puts in its place has another
 * owner.
 */

import { lstatSync, type Stats, statSync } from 'node:fs'

const ROOT = 0
const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
const OTHERS_READ = 0o004
const GROUP_READS = 0o040

/** Returns why not to use a file, or null. `status`: of the open file. Checks nothing on Windows (no owner numbers). */
export function distrustReason(path: string, status: Stats = statSync(path)): string | null {
  const user = process.geteuid?.()
  if (user === undefined) return null
  // The owner of a link chooses its target.
  const foreign = [status, lstatSync(path)].find(({ uid }) => uid !== user && uid !== ROOT)
  const mode = formatMode(foreign ?? status)
  if (foreign !== undefined) {
    return (
      `user ${foreign.uid} owns it (mode ${mode}), and cloaca runs as user ${user}. If you trust its ` +
      `content, change its owner: chown ${user} "${path}"`
    )
  }
  const owner = `owner ${status.uid}, mode ${mode}`
  if ((status.mode & OTHERS_WRITE) !== 0)
    return `all users can write to it (${owner}). If you trust its content, fix its mode: chmod o-w "${path}"`
  if ((status.mode & GROUP_WRITES) !== 0 && status.gid !== process.getegid?.())
    return `group ${status.gid} can write to it (${owner}). If you trust its content, fix its mode: chmod g-w "${path}"`
  return null
}

export function isReadableByOthers({ mode, gid }: Stats): boolean {
  if (process.geteuid === undefined) return false
  return (mode & OTHERS_READ) !== 0 || ((mode & GROUP_READS) !== 0 && gid !== process.getegid?.())
}

/** Returns the mode as four octal digits, as `chmod` takes it. */
export function formatMode({ mode }: Pick<Stats, 'mode'>): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
