/**
 * Mounts the granted files of a restricted interpreter at the host's names, instead of `files/mounts.ts`. Folders above
 * them are in memory and closed; `/tmp` is in memory, too. Called by `interpreter.ts` at every start, since a memory
 * snapshot does not hold mounts.
 *
 * Proved by `test/restricted/files.test.ts`.
 */

import { constants, lstatSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { PyodideAPI } from 'pyodide'
import { type GrantedPath, type Grants, isBelow } from '../../border/grants.ts'
import { syncFile } from '../../native/file-locks.ts'
import { type EmscriptenFS, emscriptenFileSystem, type FileNode } from '../descriptors/emscripten-fs.ts'
import type { FileGrants } from './file-grants.ts'

/** Error numbers of WebAssembly. */
const EACCES = 2
const ROOT = '/'
const SCRATCH = '/tmp'
const FREE: ReadonlySet<string> = new Set([SCRATCH, '/dev/shm'])

const O_ACCMODE = 3
const O_CREAT = 64

/** Returns granted paths that are not inside another granted folder. */
function outermost(granted: readonly GrantedPath[]): readonly GrantedPath[] {
  const folders = granted.filter(({ isFolder }) => isFolder)
  const isInside = ({ real }: GrantedPath) => folders.some((folder) => isBelow(real, folder.real))
  const byPath = new Map(granted.filter((each) => !isInside(each)).map((each) => [each.real, each]))
  return [...byPath.values()]
}

export function mountGranted(pyodide: PyodideAPI, grants: Grants, currentFolder: string): void {
  const fs = emscriptenFileSystem(pyodide)
  const { NODEFS } = fs.filesystems
  const fileOf = new WeakMap<FileNode, string>()
  const { convertNodeCode, realPath } = NODEFS
  // Files that Python reads at its start may be links that lead out, such as /etc/localtime.
  NODEFS.convertNodeCode = (error) =>
    (error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED' ? EACCES : convertNodeCode(error)
  NODEFS.realPath = (node) => fileOf.get(node) ?? realPath(node)

  const all = [...grants.read, ...grants.write]
  const whole = outermost(all)
  for (const { real, isFolder } of whole) {
    if (real === ROOT) continue
    fs.mkdirTree(isFolder ? real : dirname(real))
    if (isFolder) fs.mount(NODEFS, { root: real }, real)
    else {
      const folder = fs.lookupPath(dirname(real), { parent: false }).node
      fileOf.set(NODEFS.createNode(folder, basename(real), lstatSync(real).mode, 0), real)
    }
  }
  for (const { named, real } of all) if (named !== real) link(fs, named, real)
  if (!fs.analyzePath(currentFolder).exists) fs.mkdirTree(currentFolder)
  const paths = [...whole.map(({ real }) => real), ...all.map(({ named }) => named), `${currentFolder}/.`]
  for (const folder of new Set([ROOT, ...paths.flatMap(foldersAbove)])) sealFolder(fs, folder)
}

/** Creates a symbolic link of the host inside. */
function link(fs: EmscriptenFS, named: string, real: string): void {
  if (fs.analyzePath(named).exists) return
  fs.mkdirTree(dirname(named))
  fs.symlink(real, named)
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}

/** Allows only existing entries of a folder to be found, and none to be made, removed or renamed. */
function sealFolder(fs: EmscriptenFS, path: string): void {
  const { node } = fs.lookupPath(path, { parent: false })
  if (FREE.has(path) || node.mount.type === fs.filesystems.NODEFS) return
  const refuse = (): never => {
    throw new fs.ErrnoError(EACCES)
  }
  const refused = { lookup: refuse, mknod: refuse, symlink: refuse, rename: refuse, unlink: refuse, rmdir: refuse }
  node.node_ops = { ...node.node_ops, ...refused }
}

/**
 * Makes file operations check that a path is still where it was granted, and turns refusals of Node into Python errors.
 * Called after all rules of files are in place. `refused` is called with each refused path.
 */
export function guardFiles(
  pyodide: PyodideAPI,
  grants: FileGrants,
  refused: (path: string, isToWrite: boolean) => void,
): void {
  const fs = emscriptenFileSystem(pyodide)
  const { NODEFS } = fs.filesystems
  const { realPath } = NODEFS
  const { open } = fs

  // Node refuses this for an open file despite any grant, as well as modes and times.
  NODEFS.stream_ops.fsync = ({ nfd = -1 }) => {
    const code = syncFile(nfd)
    if (code === '') return 0
    throw new fs.ErrnoError(NODEFS.convertNodeCode({ code }))
  }
  const { setattr } = NODEFS.stream_ops
  NODEFS.stream_ops.setattr = (stream, attributes) => {
    // A deleted open file has no path left, but a length.
    if (attributes.size !== undefined) setattr(stream, attributes)
    else NODEFS.node_ops.setattr(stream.node, attributes)
  }
  NODEFS.realPath = (node) => {
    const path = realPath(node)
    if (grants.isStill(path)) return path
    throw new fs.ErrnoError(EACCES)
  }
  fs.open = (path, flags, mode) => {
    try {
      return open(path, flags, mode)
    } catch (error) {
      const isNumber = typeof flags === 'number'
      const isToWrite = isNumber && (flags & (O_ACCMODE | O_CREAT)) !== constants.O_RDONLY
      if ((error as { errno?: number }).errno === EACCES) refused(String(path), isToWrite)
      throw error
    }
  }
}
