/**
 * Repairs operations of NODEFS (seen in Pyodide 314.0.7) that lose data or use deleted files. A file is replaced in one
 * step and not deleted first. A new file is created only if there is none. Files that other processes delete or replace
 * are looked up again. Inodes and times are those of the host. Called by `interpreter.ts` through `file-rules.ts`. Can
 * be deleted when NODEFS does the same.
 *
 * Proved by `test/scenarios/files-of-others.test.ts`.
 */

import { constants, fstatSync, lstatSync, mkdirSync, renameSync, type Stats, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Attributes, EmscriptenFS, FileNode } from '../descriptors/emscripten-fs.ts'

/** Error numbers of WebAssembly. */
const ENOENT = 44
const EEXIST = 20
const EXDEV = 75
const O_CREAT = 64
const O_EXCL = 128

/** Time for which a result of `lstat` is reused, except where absence matters. */
const BELIEVED_MS = 50

const PERMISSION_BITS = 0o7777

export function repairNodes(fs: EmscriptenFS): void {
  noticeChanges(fs)
  createAndReplaceSafely(fs)
  tellAttributes(fs)
}

function attempt<T>(fs: EmscriptenFS, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    throw new fs.ErrnoError(fs.filesystems.NODEFS.convertNodeCode(error))
  }
}

/** Checks whether a node still exists before it is used, since nodes stay under their names. */
function noticeChanges(fs: EmscriptenFS): void {
  const { NODEFS } = fs.filesystems
  const { lookupNode, mayCreate, open } = fs
  const seenAt = new WeakMap<FileNode, number>()
  let isStrict = false

  fs.lookupNode = (folder, name) => {
    const node = lookupNode(folder, name)
    if (node.mount.type !== NODEFS || fs.isMountpoint(node)) return node
    const now = performance.now()
    if (!isStrict && now - (seenAt.get(node) ?? 0) < BELIEVED_MS) return node
    const stats = attempt(fs, () => lstatSync(NODEFS.realPath(node), { throwIfNoEntry: false }))
    if (stats === undefined || kindOf(knownMode(stats.mode)) !== kindOf(node.mode)) {
      fs.destroyNode(node)
      if (stats === undefined) throw new fs.ErrnoError(ENOENT)
      return lookupNode(folder, name)
    }
    seenAt.set(node, now)
    return node
  }
  const strictly = <T>(operation: () => T): T => {
    const before = isStrict
    isStrict = true
    try {
      return operation()
    } finally {
      isStrict = before
    }
  }
  fs.mayCreate = (folder, name) => strictly(() => mayCreate(folder, name))
  fs.open = (path, flags, mode) => {
    if (typeof flags !== 'number' || (flags & O_CREAT) === 0) return open(path, flags, mode)
    return strictly(() => {
      try {
        return open(path, flags, mode)
      } catch (error) {
        // Another process made the file in between: without O_EXCL it is just opened.
        if ((error as { errno?: number }).errno !== EEXIST || (flags & O_EXCL) !== 0) throw error
        return open(path, flags, mode)
      }
    })
  }
}

function createAndReplaceSafely(fs: EmscriptenFS): void {
  const { NODEFS } = fs.filesystems
  const { createNode } = NODEFS
  const { rename } = fs

  NODEFS.createNode = (parent, name, mode, dev) => createNode(parent, name, knownMode(mode), dev)
  NODEFS.node_ops.mknod = (parent, name, mode, dev) => {
    const node = NODEFS.createNode(parent, name, mode, dev)
    const path = NODEFS.realPath(node)
    try {
      attempt(fs, () => {
        if (kindOf(mode) === constants.S_IFDIR) mkdirSync(path, mode & PERMISSION_BITS)
        else writeFileSync(path, '', { mode: mode & PERMISSION_BITS, flag: 'wx' })
      })
    } catch (error) {
      fs.destroyNode(node)
      throw error
    }
    return node
  }
  NODEFS.node_ops.rename = (node, newFolder, newName) => {
    const replaced = nodeAt(fs, newFolder, newName)
    const newPath = `${NODEFS.realPath(newFolder)}/${newName}`
    attempt(fs, () => renameSync(NODEFS.realPath(node), newPath))
    if (replaced !== null && replaced !== node) fs.destroyNode(replaced)
    node.name = newName
  }
  // Each top folder of the host is a separate mount here, even on one file system.
  fs.rename = (oldPath, newPath) => {
    try {
      rename(oldPath, newPath)
    } catch (error) {
      if ((error as { errno?: number }).errno !== EXDEV) throw error
      const oldFolder = fs.lookupPath(dirname(oldPath), { parent: false }).node
      const newFolder = fs.lookupPath(dirname(newPath), { parent: false }).node
      if (oldFolder.mount.type !== NODEFS || newFolder.mount.type !== NODEFS) throw error
      const node = fs.lookupNode(oldFolder, basename(oldPath))
      const replaced = nodeAt(fs, newFolder, basename(newPath))
      attempt(fs, () => renameSync(NODEFS.realPath(node), `${NODEFS.realPath(newFolder)}/${basename(newPath)}`))
      fs.destroyNode(node)
      if (replaced !== null) fs.destroyNode(replaced)
    }
  }
}

function tellAttributes(fs: EmscriptenFS): void {
  const { NODEFS } = fs.filesystems
  NODEFS.node_ops.getattr = (node) => attempt(fs, () => attributesOf(lstatSync(NODEFS.realPath(node))))
  NODEFS.stream_ops.getattr = (stream) => attempt(fs, () => attributesOf(fstatSync(stream.nfd ?? -1)))
}

function attributesOf(stats: Stats): Attributes {
  const { dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atimeMs, mtimeMs, ctimeMs } = stats
  const [atime, mtime, ctime] = [at(atimeMs), at(mtimeMs), at(ctimeMs)]
  return { dev, ino, mode, nlink, uid, gid, rdev, size, blksize: 4096, blocks, atime, mtime, ctime }
}

/** Not a Date, which has whole milliseconds only. */
function at(timeMs: number): { getTime(): number } {
  return { getTime: () => timeMs }
}

function nodeAt(fs: EmscriptenFS, folder: FileNode, name: string): FileNode | null {
  try {
    return fs.lookupNode(folder, name)
  } catch {
    return null // there is none
  }
}

function kindOf(mode: number): number {
  return mode & constants.S_IFMT
}

/** Replaces the kind of sockets, pipes and devices by that of files, because Emscripten refuses others as "invalid". */
function knownMode(mode: number): number {
  const kind = kindOf(mode)
  const isKnown = kind === constants.S_IFDIR || kind === constants.S_IFREG || kind === constants.S_IFLNK
  return isKnown ? mode : (mode & ~constants.S_IFMT) | constants.S_IFREG
}
