/**
 * Mounts the host's folders into an interpreter at their own names, so that paths mean the same inside and outside.
 * Called by `interpreter.ts` at every start, since a memory snapshot does not hold mounts.
 * Folders that Pyodide needs for itself stay its own: `/lib` (its standard library) and `/dev`, but for `/dev/shm`.
 */

import { readdirSync, readlinkSync, statSync } from 'node:fs'
import type { PyodideAPI } from 'pyodide'
import { type EmscriptenFS, emscriptenFileSystem } from '../descriptors/emscripten-fs.ts'

const OWN_FOLDERS = new Set(['lib', 'dev'])
const SHARED_MEMORY = '/dev/shm'

export function mountHostFolders(pyodide: PyodideAPI): void {
  const fs = emscriptenFileSystem(pyodide)
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
  mountSharedMemory(fs)
}

function mountSharedMemory(fs: EmscriptenFS): void {
  if (leadsToFolder(SHARED_MEMORY)) fs.mount(fs.filesystems.NODEFS, { root: SHARED_MEMORY }, SHARED_MEMORY)
}

function leadsToFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // a dangling link of the host: it would dangle inside too
  }
}
