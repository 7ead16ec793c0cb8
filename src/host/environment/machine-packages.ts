/**
 * The folders in which the machine's own Python keeps its packages. Asked for when a script imports something that is
 * found nowhere else, so that whoever needs no package pays nothing; called by `python-host.ts`.
 */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const LIST_FOLDERS = 'import json, site; print(json.dumps([site.getusersitepackages(), *site.getsitepackages()]))'
const TIMEOUT_MS = 5_000

/** The folders that exist; none where there is no `python3`, or an active virtual environment hides them. */
export async function installedPackageFolders(environ: Readonly<Record<string, string>>): Promise<readonly string[]> {
  if (environ.VIRTUAL_ENV) return []
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', LIST_FOLDERS], {
      env: environ,
      timeout: TIMEOUT_MS,
    })
    const folders: unknown = JSON.parse(stdout)
    return Array.isArray(folders) ? folders.filter((folder) => typeof folder === 'string' && existsSync(folder)) : []
  } catch {
    return [] // no Python on this machine, which nobody promised
  }
}
