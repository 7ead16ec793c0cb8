/**
 * Refuses to make, open for writing, truncate, rename, remove and change mode and times of kept files through Python
 * (`border/kept-files.ts`). Hard links, pipes, sockets and databases are checked where they are made.
 * Called once all other rules of files are in place.
 *
 * Proved by `test/restricted/kept.test.ts`.
 */

import { constants, lstatSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path/posix'
import type { PyodideAPI } from 'pyodide'
import { emscriptenFileSystem, type FileNode } from '../descriptors/emscripten-fs.ts'
import type { FileGrants } from './file-grants.ts'

/** Numbers of WebAssembly. */
const EACCES = 2
const O_ACCMODE = 3
const O_TRUNC = 512

/** `refused` is called with each path that was to be changed. */
export function keepNodes(pyodide: PyodideAPI, grants: FileGrants, refused: (path: string) => void): void {
  const fs = emscriptenFileSystem(pyodide)
  const { NODEFS } = fs.filesystems
  const { node_ops: nodes, stream_ops: streams } = NODEFS
  const { mknod, unlink, rmdir, setattr } = nodes
  const { open } = streams
  const { rename } = fs

  const refuse = (path: string): never => {
    refused(path)
    throw new fs.ErrnoError(EACCES)
  }
  const check = (path: string): void => {
    if (grants.isKept(path)) refuse(path)
  }
  const inFolder = (folder: FileNode, name: string): string => join(NODEFS.realPath(folder), name)

  nodes.mknod = (folder, name, mode, device) => {
    check(inFolder(folder, name))
    return mknod(folder, name, mode, device)
  }
  nodes.unlink = (folder, name) => {
    check(inFolder(folder, name))
    unlink(folder, name)
  }
  nodes.rmdir = (folder, name) => {
    check(inFolder(folder, name))
    rmdir(folder, name)
  }
  nodes.setattr = (node, attributes) => {
    check(NODEFS.realPath(node))
    setattr(node, attributes)
  }
  streams.open = (stream) => {
    const isToWrite = (stream.flags & O_ACCMODE) !== constants.O_RDONLY || (stream.flags & O_TRUNC) !== 0
    if (isToWrite) check(NODEFS.realPath(stream.node))
    open(stream)
  }

  /** Returns the host's path of a name; null in memory, and if there is no such folder. */
  const hostPath = (path: string): string | null => {
    try {
      const folder = fs.lookupPath(dirname(path), { follow: true }).node
      return folder.mount.type === NODEFS ? inFolder(folder, basename(path)) : null
    } catch {
      return null
    }
  }
  // Renaming a folder also renames the files in it: none of them may be kept, neither at its old nor at its new path.
  fs.rename = (oldPath, newPath) => {
    const ends = [hostPath(oldPath), hostPath(newPath)].filter((path) => path !== null)
    const [source] = ends
    for (const end of ends) {
      const kept = namesIn(source ?? end).find((name) => grants.isKept(join(end, name)))
      if (kept !== undefined) refuse(join(end, kept))
    }
    rename(oldPath, newPath)
  }
}

function namesIn(path: string): readonly string[] {
  const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  return ['', ...(isFolder ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [])]
}
