/**
 * Finds or makes the snapshot file in the user's cache folder. Called by `python-host.ts`.
 * A file is named by everything that it depends on and by its content (`border/snapshot-name.ts`), appears complete or not
 * at all (written aside, then renamed), and is never needed: whoever cannot have one starts cold. One that was cut short is
 * not taken for one: an interpreter that starts from it may hang. Nor is one that others own or may write: it is run.
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
import { closeToOthers, isOpenToOthers, isOwn, makeOwnFolder } from './trusted-files.ts'

/** Of those that were used last: each version and each install of cloaca has one of its own. */
const KEPT_SNAPSHOTS = 8
/** Of the files, as `interpreter/pyodide/memory-image.ts` packs them. */
const FORMAT = 3
const UNUSED_FOR_MS = 30 * 86_400_000

/** Where the snapshot for this Node, this Pyodide and this Python package is, or will be: its path without the size. */
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
 * The complete file of a place, or null. Notes that it is used. `refused` hears of one that may not be trusted; throws
 * where its folder is another user's, or others may write into it.
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
  if (paths.length > 0) closeToOthers(folder)
  for (const path of paths) {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined || snapshotContent(path)?.size !== status.size) continue
    if (status.isFile() && isOwn(status) && !isOpenToOthers(status)) {
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
    return // a cache that may only be read: nothing is removed there either
  }
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
  makeOwnFolder(dirname(place))
  closeToOthers(dirname(place))
  accessSync(dirname(place), constants.W_OK)
}

/** Stores a snapshot in its place, removes those that are no longer used, and returns its path. */
export function storeSnapshot(place: string, snapshot: Uint8Array, now: number): string {
  const path = snapshotPath(place, snapshot.length, crc32(snapshot))
  const unfinished = `${path}.${randomUUID()}.tmp`
  prepareSnapshotFolder(place)
  try {
    writeFileSync(unfinished, snapshot, { flush: true, mode: 0o600, flag: 'wx' }) // else a power cut may leave the name without the bytes
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

/** Read from its package file: importing Pyodide itself is the interpreter thread's business. */
function pyodideVersion(): string {
  const file = join(fileURLToPath(import.meta.resolve('pyodide')), '..', 'package.json')
  return String(JSON.parse(readFileSync(file, 'utf8')).version)
}
