/**
 * Which `python3` a command would start, and everything that its package folders depend on: what one that was asked has
 * answered holds as long as all of that is the same. Used by `machine-packages.ts`.
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
/** What Python, or pyenv for it, looks at. */
const VARIABLES = /^(PYTHON|PYENV|HOME$|PATH$)/

/** The path of `python3`, or null where there is none. Its answer is known by `digest`; null: by nothing, ask it. */
export interface MachinePython {
  readonly path: string
  readonly digest: string | null
}

export function findMachinePython(environ: Readonly<Record<string, string>>, folder: string): MachinePython | null {
  const folders = (environ.PATH ?? '').split(delimiter).filter(isAbsolute)
  const path = folders.map((each) => join(each, NAME)).find(isExecutable)
  return path === undefined ? null : { path, digest: digestOf(path, environ, folder) }
}

/** Returns whether this user can start a file. Shells skip everything else in a folder of PATH, whatever the reason. */
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

/** Null for a launcher that goes by another name, as mise is: it chooses by rules of its own. */
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

/** What a shim of pyenv chooses by: `.python-version` here or above, and its own version. Null for any other script. */
function versionFilesOfPyenv(path: string, folder: string): readonly string[] | null {
  const root = dirname(dirname(path))
  if (basename(dirname(path)) !== 'shims' || !existsSync(join(root, 'libexec', 'pyenv'))) return null
  const files = [join(root, 'version'), join(root, 'versions')]
  for (let place = folder; ; place = dirname(place)) {
    files.push(join(place, '.python-version'))
    if (dirname(place) === place) return files
  }
}

/** A file's content where it is short, and else when it was changed. */
function stateOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return 'missing'
  if (!status.isFile() || status.size > 4096) return `${status.size} ${status.mtimeMs}`
  return readFileSync(path, 'latin1')
}
