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
import { fileLocksProblem, lockFile, lockRecord, testRecordLock } from '../../native/file-locks.ts'
import { makeNamedPipe } from '../../native/handed-files.ts'
import { emscriptenFileSystem } from '../descriptors/emscripten-fs.ts'
import type { Files } from '../python-border.ts'
import { repairNodes } from './host-nodes.ts'

const PERMISSION_BITS = 0o777
const DEFAULT_FILE_MODE = 0o666
const EACCES = 2
const NO_DESCRIPTOR = -1

export function keepFileRules(pyodide: PyodideAPI, processUmask: number): Files {
  const fs = emscriptenFileSystem(pyodide)
  repairNodes(fs)
  const { NODEFS } = fs.filesystems
  let umask = processUmask
  const { open, mkdir, nodePermissions } = fs

  fs.open = (path, flags, mode = DEFAULT_FILE_MODE) => open(path, flags, mode & ~umask)
  fs.mkdir = (path, mode = PERMISSION_BITS) => {
    const node = mkdir(path, mode & ~umask)
    // The process's own mask was applied already. Only the script's mask should apply.
    if (node.mount.type === NODEFS && (mode & ~umask & processUmask) !== 0)
      chmodSync(NODEFS.realPath(node), mode & ~umask & PERMISSION_BITS)
    return node
  }
  fs.nodePermissions = (node, permissions) => {
    if (node.mount.type !== NODEFS) return nodePermissions(node, permissions)
    // Searching a folder fails by itself if it is not allowed, at no cost.
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
    make_named_pipe(path, mode) {
      try {
        makeNamedPipe(path, mode & ~umask & PERMISSION_BITS)
        return ''
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'EIO'
      }
    },
    locks_problem: fileLocksProblem ?? '',
    flock: (descriptor, operation) => lockFile(ownDescriptor(descriptor), operation),
    lock_records: (descriptor, lock, start, length) => lockRecord(ownDescriptor(descriptor), lock, { start, length }),
    test_records: (descriptor, lock, start, length) =>
      testRecordLock(ownDescriptor(descriptor), lock, { start, length }),
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
    // A deleted open file has no path and stays usable. Opening a missing path fails by itself.
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
