/**
 * Folder per user for files that cloaca can make again. Used by the host, and by the command line before all other
 * imports.
 */

import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeClosedFolders } from './trusted-files.ts'

export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  if (environ.CLOACA_CACHE_DIR) return environ.CLOACA_CACHE_DIR
  return join(environ.XDG_CACHE_HOME || cachesOfUser(), 'cloaca')
}

/** Without `HOME`, a user whom the system does not know has no home folder, only one for temporary files. */
function cachesOfUser(): string {
  try {
    return join(homedir(), '.cache')
  } catch {
    return join(tmpdir(), `cache-${process.geteuid?.() ?? 0}`)
  }
}

/** Returns the existing folder for JavaScript that Node has compiled, or null if other users could write into it. */
export function compileCacheFolder(environ: NodeJS.ProcessEnv): string | null {
  const folder = join(cacheFolder(environ), 'compiled')
  try {
    makeClosedFolders(cacheFolder(environ), folder)
    return folder
  } catch {
    return null // without this cache, everything starts a little later
  }
}
