/**
 * Rules of the host's files that Emscripten's file system does not keep by itself (seen in Pyodide 314.0.7): a new file
 * or folder ignores the umask, a sync does nothing, whether a file may be read is guessed, and hard links and locks do
 * not exist.
 * Called by `interpreter.ts` after the folders are mounted; the functions are what Python calls.
 *
 * Proved by `python/tests/stdlib/test_os.py`.
 */

import { accessSync, chmodSync, constants, fsyncSync, linkSync } from 'node:fs'
import type { PyodideAPI } from 'pyodide'
import {
  fileLocksProblem,
  lockFile,
  lockRecords,
  type Obstacle,
  type RecordLock,
  testRecords,
} from '../../native/file-locks.ts'
import { fileSystemOf } from '../descriptors/emscripten-fs.ts'
import { repairNodes } from './host-nodes.ts'

const PERMISSION_BITS = 0o777
const DEFAULT_FILE_MODE = 0o666
const EACCES = 2
const NO_DESCRIPTOR = -1

/** What Python asks of the host's files. Errors are names of error numbers; an empty text is none. */
export interface FileRules {
  /** Sets the mask for new files and folders, and returns the one before. */
  umask(mask: number): number
  link(source: string, target: string): string
  /** Why files cannot be locked; nothing when they can be. */
  readonly locks_problem: string
  /** Takes or gives up a lock (an operation of `flock`) on an open file, without waiting. */
  flock(descriptor: number, operation: number): string
  /** Takes or gives up ("none") a lock on bytes of an open file, without waiting; a length of 0 is up to its end. */
  lock_records(descriptor: number, lock: RecordLock, start: number, length: number): string
  /** What keeps such a lock from being taken, or the name of an error number. */
  test_records(descriptor: number, lock: RecordLock, start: number, length: number): Obstacle | string
}

export function keepFileRules(pyodide: PyodideAPI, processUmask: number): FileRules {
  const fs = fileSystemOf(pyodide)
  repairNodes(fs)
  const { NODEFS } = fs.filesystems
  let umask = processUmask
  const { open, mkdir, nodePermissions } = fs

  fs.open = (path, flags, mode = DEFAULT_FILE_MODE) => open(path, flags, mode & ~umask)
  fs.mkdir = (path, mode = PERMISSION_BITS) => {
    const node = mkdir(path, mode & ~umask)
    // The process's own mask was applied on the way; only the script's counts.
    if (node.mount.type === NODEFS && (mode & ~umask & processUmask) !== 0)
      chmodSync(NODEFS.realPath(node), mode & ~umask & PERMISSION_BITS)
    return node
  }
  fs.nodePermissions = (node, permissions) => {
    if (node.mount.type !== NODEFS) return nodePermissions(node, permissions)
    // Whether a folder may be searched is found out by whoever searches it, at no cost.
    if (permissions === 'x') return 0
    return isAllowed(NODEFS.realPath(node), permissions) ? 0 : EACCES
  }
  NODEFS.stream_ops.fsync = (stream) => {
    try {
      fsyncSync(stream.nfd ?? -1)
      return 0
    } catch (error) {
      throw new fs.ErrnoError(NODEFS.convertNodeCode(error))
    }
  }

  const ownDescriptor = (descriptor: number): number => fs.getStream(descriptor)?.nfd ?? NO_DESCRIPTOR
  return {
    umask(mask) {
      const before = umask
      umask = mask & PERMISSION_BITS
      return before
    },
    link(source, target) {
      try {
        linkSync(source, target)
        return ''
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'EIO'
      }
    },
    locks_problem: fileLocksProblem ?? '',
    flock: (descriptor, operation) => lockFile(ownDescriptor(descriptor), operation),
    lock_records: (descriptor, lock, start, length) => lockRecords(ownDescriptor(descriptor), lock, { start, length }),
    test_records: (descriptor, lock, start, length) => testRecords(ownDescriptor(descriptor), lock, { start, length }),
  }
}

function isAllowed(path: string, permissions: string): boolean {
  let mode = 0
  if (permissions.includes('r')) mode |= constants.R_OK
  if (permissions.includes('w')) mode |= constants.W_OK
  if (permissions.includes('x')) mode |= constants.X_OK
  try {
    accessSync(path, mode)
    return true
  } catch (error) {
    // An open file that was deleted has no path left and stays usable; whoever opens one finds out himself.
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
