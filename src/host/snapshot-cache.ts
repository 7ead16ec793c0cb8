/**
 * Finds or makes the snapshot file in the user's cache folder. Called by `host.ts` on the engine's thread.
 * A file is named by everything that it depends on and by its size, appears complete or not at all (written aside, then
 * renamed), and is never needed: whoever cannot have one starts cold. One that was cut short is not taken for one: an
 * interpreter that starts from it may hang.
 */

import { createHash, randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const KEPT_SNAPSHOTS = 3

/** Where the snapshot for this Node, this Pyodide and this Python package is, or will be: its path without the size. */
export function snapshotPlaceFor(packageFolder: string, environ: NodeJS.ProcessEnv): string {
  const digest = createHash('sha256')
  digest.update(`node ${process.version} ${process.arch} pyodide ${pyodideVersion()} ${packageFolder}\n`)
  for (const file of pythonFiles(join(packageFolder, 'cloaca'))) {
    digest.update(`${file}\n`).update(readFileSync(file))
  }
  return join(cacheFolder(environ), `snapshot-${digest.digest('hex').slice(0, 24)}`)
}

export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  return environ.CLOACA_CACHE_DIR || join(environ.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cloaca')
}

/** The complete file of a place, or null. */
export function findSnapshot(place: string): string | null {
  const prefix = `${basename(place)}-`
  for (const name of fileNames(dirname(place))) {
    if (!name.startsWith(prefix) || !name.endsWith('.bin')) continue
    const path = join(dirname(place), name)
    const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: -1 }
    if (name === `${prefix}${size}.bin`) return path
  }
  return null
}

function fileNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no cache folder yet, or none that may be read
  }
}

/** Removes a snapshot that is of no use: the next start makes it anew. Where it cannot be removed it stays. */
export function removeSnapshot(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    return // a folder that may not be changed: every start will notice it again
  }
}

/** Throws where no snapshot could be stored: making one is too much work to find that out afterwards. */
export function prepareSnapshotFolder(place: string): void {
  mkdirSync(dirname(place), { recursive: true })
  accessSync(dirname(place), constants.W_OK)
}

/** Stores a snapshot in its place, removes the oldest of those that are no longer used, and returns its path. */
export function storeSnapshot(place: string, snapshot: Uint8Array): string {
  const path = `${place}-${snapshot.length}.bin`
  const unfinished = `${path}.${randomUUID()}.tmp`
  prepareSnapshotFolder(place)
  try {
    writeFileSync(unfinished, snapshot, { flush: true }) // else a power cut may leave the name without the bytes
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  removeOldSnapshots(dirname(path))
  return path
}

function removeOldSnapshots(folder: string): void {
  const snapshots = readdirSync(folder)
    .filter((name) => name.startsWith('snapshot-') && name.endsWith('.bin'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, madeAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.madeAt - a.madeAt)
  for (const { path } of snapshots.slice(KEPT_SNAPSHOTS)) rmSync(path, { force: true })
}

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => join(folder, name))
}

/** Read from its package file: importing Pyodide itself is the interpreter thread's business. */
function pyodideVersion(): string {
  const file = join(fileURLToPath(import.meta.resolve('pyodide')), '..', 'package.json')
  return String(JSON.parse(readFileSync(file, 'utf8')).version)
}
