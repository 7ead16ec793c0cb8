/**
 * Where cloaca keeps what it can make again, for each user. Used by the host, and by the command line before it imports
 * anything else.
 */

import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeClosedFolders } from './trusted-files.ts'

export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  return environ.CLOACA_CACHE_DIR || join(environ.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cloaca')
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
