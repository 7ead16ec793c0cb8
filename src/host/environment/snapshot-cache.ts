/**
 * Finds or makes the snapshot file in the user's cache folder. Called by `python-host.ts`. A file is named by its
 * inputs and its content (`border/snapshot-name.ts`), and is written aside, then renamed. Without one, Python starts
 * cold. Truncated files are rejected because an interpreter could hang, and files that others own or can write because
 * they are executed.
 */

import { createHash, randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { snapshotContent, snapshotPath } from '../../border/snapshot-name.ts'
import { cacheFolder } from './cache-folder.ts'
import { isOwnFile, isWritableByOthers, makeOwnFolder, removeWriteOfOthers } from './trusted-files.ts'

/** Number of recently used snapshots that are kept. Each version and installation of cloaca has its own. */
const KEPT_SNAPSHOTS = 8
/** Version of the file format of `interpreter/pyodide/memory-image.ts`. */
const FORMAT = 3
const UNUSED_FOR_MS = 30 * 86_400_000

/** Returns the path, without the size, of the snapshot for this Node, this Pyodide and this Python package. */
export function snapshotPlaceFor(packageFolder: string, environ: NodeJS.ProcessEnv): string {
  const digest = createHash('sha256')
  digest.update(
    `format ${FORMAT} node ${process.version} ${process.arch} pyodide ${pyodideVersion()} ${packageFolder}\n`,
  )
  for (const file of pythonFiles(join(packageFolder, 'cloaca'))) {
    digest.update(`${file}\n`).update(readFileSync(file))
  }
  return join(cacheFolder(environ), `snapshot-${digest.digest('hex').slice(0, 24)}`)
}

/**
 * Returns the complete file of a place, or null, and marks it as used. Calls `refused` for an untrusted file. Throws if
 * another user owns its folder or can write into it.
 */
export function findSnapshot(
  place: string,
  now: number,
  refused: (message: string) => void = () => undefined,
): string | null {
  const folder = dirname(place)
  const paths = fileNames(folder)
    .filter((name) => name.startsWith(`${basename(place)}-`))
    .map((name) => join(folder, name))
  if (paths.length > 0) removeWriteOfOthers(folder)
  for (const path of paths) {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined || snapshotContent(path)?.size !== status.size) continue
    if (status.isFile() && isOwnFile(status) && !isWritableByOthers(status)) {
      noteUse(path, now)
      return path
    }
    refused(
      `Memory snapshot "${path}" is ignored, because another user owns the file or can write to it. Delete the file.`,
    )
  }
  return null
}

function noteUse(path: string, now: number): void {
  try {
    utimesSync(path, now / 1000, now / 1000)
  } catch {
    return // the cache is read-only: nothing can be removed
  }
}

function fileNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no readable cache folder
  }
}

/** Removes an unusable snapshot, so that the next start makes a new one. Keeps it if it cannot be removed. */
export function removeSnapshot(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    return // the folder is read-only: every start reports the snapshot again
  }
}

/** Throws if no snapshot could be stored. Called first, because making one takes long. */
export function prepareSnapshotFolder(place: string): void {
  makeOwnFolder(dirname(place))
  removeWriteOfOthers(dirname(place))
  accessSync(dirname(place), constants.W_OK)
}

/** Stores a snapshot in its place, removes those that are no longer used, and returns its path. */
export function storeSnapshot(place: string, snapshot: Uint8Array, now: number): string {
  const path = snapshotPath(place, snapshot.length, crc32(snapshot))
  const unfinished = `${path}.${randomUUID()}.tmp`
  prepareSnapshotFolder(place)
  try {
    writeFileSync(unfinished, snapshot, { flush: true, mode: 0o600, flag: 'wx' }) // flush: for power cuts
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  removeUnusedSnapshots(dirname(path), now)
  return path
}

function removeUnusedSnapshots(folder: string, now: number): void {
  const oldestUse = now - UNUSED_FOR_MS
  const snapshots = readdirSync(folder)
    .filter((name) => name.startsWith('snapshot-') && name.endsWith('.bin'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt)
  for (const [index, { path, usedAt }] of snapshots.entries()) {
    if (index >= KEPT_SNAPSHOTS || usedAt < oldestUse) removeSnapshot(path)
  }
}

function pythonFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => join(folder, name))
}

/** Reads the package file, because only the interpreter thread imports Pyodide. */
function pyodideVersion(): string {
  const file = join(fileURLToPath(import.meta.resolve('pyodide')), '..', 'package.json')
  return String(JSON.parse(readFileSync(file, 'utf8')).version)
}
