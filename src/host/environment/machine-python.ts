/**
 * Finds the `python3` that a command would start, and everything that its package folders depend on. A cached answer is
 * valid while all of that is unchanged. Used by `machine-packages.ts`.
 */

import { createHash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path'

const NAME = 'python3'
/** Variables that Python, or pyenv for it, reads. */
const VARIABLES = /^(PYTHON|PYENV|HOME$|PATH$)/

/** `path` of `python3`. `digest` is the key of its cached answer, or null if the answer cannot be cached. */
export interface MachinePython {
  readonly path: string
  readonly digest: string | null
}

export function findMachinePython(environ: Readonly<Record<string, string>>, folder: string): MachinePython | null {
  const folders = (environ.PATH ?? '').split(delimiter).filter(isAbsolute)
  const path = folders.map((each) => join(each, NAME)).find(isExecutable)
  return path === undefined ? null : { path, digest: digestOf(path, environ, folder) }
}

/** Returns whether this user can start a file. Shells skip all other files in a folder of PATH. */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function digestOf(path: string, environ: Readonly<Record<string, string>>, folder: string): string | null {
  const place = realpathSync(path)
  const files = isScript(path) ? versionFilesOfPyenv(path, folder) : filesOfPython(path, place)
  if (files === null) return null
  const digest = createHash('sha256').update(JSON.stringify([path, place, stateOf(place)]))
  for (const [name, value] of Object.entries(environ)) {
    if (VARIABLES.test(name)) digest.update(JSON.stringify([name, value]))
  }
  for (const file of files) digest.update(JSON.stringify([file, stateOf(file)]))
  return digest.digest('hex')
}

/** Returns null for a launcher with another name, such as mise, which chooses by its own rules. */
function filesOfPython(path: string, place: string): readonly string[] | null {
  if (!/^python[\d.]*$/.test(basename(place))) return null
  return [join(dirname(path), 'pyvenv.cfg'), join(dirname(dirname(path)), 'pyvenv.cfg')]
}

function isScript(path: string): boolean {
  const start = Buffer.alloc(2)
  const descriptor = openSync(path, 'r')
  try {
    readSync(descriptor, start)
  } finally {
    closeSync(descriptor)
  }
  return start.toString('latin1') === '#!'
}

/** Files by which a pyenv shim chooses: `.python-version` here or above, and its own. Null for any other script. */
function versionFilesOfPyenv(path: string, folder: string): readonly string[] | null {
  const root = dirname(dirname(path))
  if (basename(dirname(path)) !== 'shims' || !existsSync(join(root, 'libexec', 'pyenv'))) return null
  const files = [join(root, 'version'), join(root, 'versions')]
  for (let place = folder; ; place = dirname(place)) {
    files.push(join(place, '.python-version'))
    if (dirname(place) === place) return files
  }
}

/** Returns the content of a short file, and the time of change of a longer one. */
function stateOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return 'missing'
  if (!status.isFile() || status.size > 4096) return `${status.size} ${status.mtimeMs}`
  return readFileSync(path, 'latin1')
}
