/**
 * Mounts the host's folders into an interpreter at their own names, so that paths mean the same inside and outside.
 * Called by `interpreter.ts` at every start, since a memory snapshot does not hold mounts.
 * Folders that Pyodide needs for itself stay its own: `/lib` (its standard library), `/dev`, `/proc`.
 */

import { readdirSync, readlinkSync, statSync } from 'node:fs'
import type { PyodideAPI } from 'pyodide'

const OWN_FOLDERS = new Set(['lib', 'dev', 'proc', 'sys'])

/** The part of Emscripten's file system that is used here; Pyodide's types leave it open. */
interface EmscriptenFS {
  mkdirTree(path: string): void
  symlink(target: string, path: string): void
  mount(type: unknown, options: { root: string }, mountpoint: string): unknown
  analyzePath(path: string): { exists: boolean }
  readonly filesystems: { readonly NODEFS: unknown }
}

export function mountHostFolders(pyodide: PyodideAPI): void {
  const fs = pyodide.FS as unknown as EmscriptenFS
  for (const entry of readdirSync('/', { withFileTypes: true })) {
    if (OWN_FOLDERS.has(entry.name)) continue
    const path = `/${entry.name}`
    if (entry.isSymbolicLink()) {
      if (!fs.analyzePath(path).exists && leadsToFolder(path)) fs.symlink(readlinkSync(path), path)
    } else if (entry.isDirectory()) {
      fs.mkdirTree(path)
      fs.mount(fs.filesystems.NODEFS, { root: path }, path)
    }
  }
}

function leadsToFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // a dangling link of the host: it would dangle inside too
  }
}
