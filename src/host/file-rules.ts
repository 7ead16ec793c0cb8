/**
 * Rules of the host's files that Emscripten's file system does not keep by itself (seen in Pyodide 314.0.7): a new file
 * or folder ignores the umask, a sync does nothing, whether a file may be read is guessed, and hard links and locks do
 * not exist.
 * Called by `interpreter.ts` after the folders are mounted; the functions are what Python calls.
 */

import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, fsyncSync, linkSync } from 'node:fs'
import type { PyodideAPI } from 'pyodide'
import { fileSystemOf } from './emscripten-fs.ts'
import { repairNodes } from './host-nodes.ts'

const PERMISSION_BITS = 0o777
const DEFAULT_FILE_MODE = 0o666
const EACCES = 2

/** What Python asks of the host's files. Errors are names of error numbers; an empty text is none. */
export interface FileRules {
  /** Sets the mask for new files and folders, and returns the one before. */
  umask(mask: number): number
  link(source: string, target: string): string
  /** Takes or gives up a lock (an operation of `flock`) on an open file, without waiting. */
  flock(descriptor: number, operation: number): string
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
    flock(descriptor, operation) {
      const own = fs.getStream(descriptor)?.nfd
      return own === undefined ? 'EBADF' : flock(own, operation)
    },
  }
}

const FLOCK_OPTIONS: ReadonlyMap<number, string> = new Map([
  [1, '--shared'],
  [2, '--exclusive'],
  [8, '--unlock'],
])
const CONFLICT = 75

/**
 * Node has no file locks, but a lock belongs to the open file, which a child process shares: the program `flock` takes
 * it and ends, and it stays with us until we give it up or close the file.
 */
function flock(descriptor: number, operation: number): string {
  const option = FLOCK_OPTIONS.get(operation)
  if (option === undefined) return 'EINVAL'
  const words = [option, '--nonblock', '--conflict-exit-code', String(CONFLICT), '3']
  const { status, error } = spawnSync('flock', words, { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
  if (error !== undefined) return (error as NodeJS.ErrnoException).code ?? 'EIO'
  if (status === CONFLICT) return 'EAGAIN'
  return status === 0 ? '' : 'EIO'
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
