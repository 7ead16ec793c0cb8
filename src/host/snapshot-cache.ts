/**
 * Finds or makes the snapshot file in the user's cache folder. Called by `host.ts` on the engine's thread.
 * A file is named by everything that it depends on, appears complete or not at all (written aside, then renamed), and
 * is never needed: whoever cannot have one starts cold.
 */

import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const KEPT_SNAPSHOTS = 3

/** Where the snapshot for this Node, this Pyodide and this Python package is, or will be. */
export function snapshotPathFor(packageFolder: string, environ: NodeJS.ProcessEnv): string {
  const digest = createHash('sha256')
  digest.update(`node ${process.version} ${process.arch} pyodide ${pyodideVersion()} ${packageFolder}\n`)
  for (const file of pythonFiles(join(packageFolder, 'cloaca'))) {
    digest.update(`${file}\n`).update(readFileSync(file))
  }
  return join(cacheFolder(environ), `snapshot-${digest.digest('hex').slice(0, 24)}.bin`)
}

export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  return environ.CLOACA_CACHE_DIR || join(environ.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cloaca')
}

export function snapshotExists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Stores a snapshot under its name and removes the oldest of those that are no longer used. */
export function storeSnapshot(path: string, snapshot: Uint8Array): void {
  const folder = join(path, '..')
  mkdirSync(folder, { recursive: true })
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
    writeFileSync(unfinished, snapshot)
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  removeOldSnapshots(folder)
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
