/**
 * The files that the scripts of a restricted interpreter have: what is granted, at the host's names. Takes the place of
 * `files/mounts.ts`. What lies on the way there are folders in memory in which nothing else can be found or made; `/tmp` is in memory
 * too, and ends with the process.
 * Called by `interpreter.ts` at every start, since a memory snapshot does not hold mounts.
 *
 * Proved by `test/restricted/files.test.ts`.
 */

import { constants, lstatSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { PyodideAPI } from 'pyodide'
import { type GrantedPath, type Grants, isBelow } from '../../border/grants.ts'
import { syncFile } from '../../native/file-locks.ts'
import { type EmscriptenFS, type FileNode, fileSystemOf } from '../descriptors/emscripten-fs.ts'
import type { FileGrants } from './file-grants.ts'

/** Error numbers of WebAssembly. */
const EACCES = 2
const ROOT = '/'
/** Of Pyodide's own, in memory. */
const SCRATCH = '/tmp'
const FREE: ReadonlySet<string> = new Set([SCRATCH, '/dev/shm'])

const O_ACCMODE = 3
const O_CREAT = 64

/** Folders and files by themselves: not what lies in another one that is granted. */
function outermost(granted: readonly GrantedPath[]): readonly GrantedPath[] {
  const folders = granted.filter(({ isFolder }) => isFolder)
  const isInside = ({ real }: GrantedPath) => folders.some((folder) => isBelow(real, folder.real))
  const byPath = new Map(granted.filter((each) => !isInside(each)).map((each) => [each.real, each]))
  return [...byPath.values()]
}

export function mountGranted(pyodide: PyodideAPI, grants: Grants, currentFolder: string): void {
  const fs = fileSystemOf(pyodide)
  const { NODEFS } = fs.filesystems
  const fileOf = new WeakMap<FileNode, string>()
  const { convertNodeCode, realPath } = NODEFS
  // What Python looks for at its start may be a link that leads out, as /etc/localtime is.
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

/** A name that leads there by a symbolic link of the host's. */
function link(fs: EmscriptenFS, named: string, real: string): void {
  if (fs.analyzePath(named).exists) return
  fs.mkdirTree(dirname(named))
  fs.symlink(real, named)
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}

/** Nothing can be found in it but what is there, and nothing made, removed or renamed. */
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
 * Makes each use of the host's files see whether it is still where it was granted, and what Node refuses an error of Python's. To be
 * called once all rules of files are in place. `refused` hears of what was to be opened.
 */
export function guardFiles(
  pyodide: PyodideAPI,
  grants: FileGrants,
  refused: (path: string, isToWrite: boolean) => void,
): void {
  const fs = fileSystemOf(pyodide)
  const { NODEFS } = fs.filesystems
  const { realPath } = NODEFS
  const { open } = fs

  // Node refuses it for an open file, whatever was granted, and so modes and times.
  NODEFS.stream_ops.fsync = ({ nfd = -1 }) => {
    const code = syncFile(nfd)
    if (code === '') return 0
    throw new fs.ErrnoError(NODEFS.convertNodeCode({ code }))
  }
  const { setattr } = NODEFS.stream_ops
  NODEFS.stream_ops.setattr = (stream, attributes) => {
    // An open file that was deleted has no path left, and still a length.
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
