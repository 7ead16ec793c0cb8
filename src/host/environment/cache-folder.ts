/**
 * Where cloaca keeps what it can make again, for each user. Used by the host, and by the command line before it imports
 * anything else.
 */

import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeClosedFolders } from './trusted-files.ts'

export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  if (environ.CLOACA_CACHE_DIR) return environ.CLOACA_CACHE_DIR
  return join(environ.XDG_CACHE_HOME || cachesOfUser(), 'cloaca')
}

/** A user whom the system does not know has no home without `HOME`, but a folder for temporary files. */
function cachesOfUser(): string {
  try {
    return join(homedir(), '.cache')
  } catch {
    return join(tmpdir(), `cache-${process.geteuid?.() ?? 0}`)
  }
}

/** Where Node keeps JavaScript that it has compiled: an existing folder, or null where others could put something into it. */
export function compileCacheFolder(environ: NodeJS.ProcessEnv): string | null {
  const folder = join(cacheFolder(environ), 'compiled')
  try {
    makeClosedFolders(cacheFolder(environ), folder)
    return folder
  } catch {
    return null // there can be none, and everything starts a little later
  }
}
