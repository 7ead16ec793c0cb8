/**
 * Flags of open files that Emscripten (seen in Pyodide 314.0.7) does not keep: O_NONBLOCK cannot be removed, and every
 * descriptor is inherited by children. Called by `interpreter.ts` and Python. Can go when Emscripten's `fcntl` keeps
 * both.
 *
 * Proved by `python/tests/stdlib/test_descriptors.py`.
 */

import type { PyodideAPI } from 'pyodide'
import type { Descriptors } from '../python-border.ts'
import { emscriptenFileSystem, type FileStream } from './emscripten-fs.ts'

/** The flags that can be changed while a file is open: O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT, O_NOATIME. */
const CHANGEABLE = 0o2000 | 0o4000 | 0o20000 | 0o40000 | 0o1000000

export function descriptorFlags(pyodide: PyodideAPI): Omit<Descriptors, 'take_blocked' | 'abandon_write'> {
  const fs = emscriptenFileSystem(pyodide)
  const inheritable = new WeakSet<FileStream>()
  for (const descriptor of [0, 1, 2]) {
    const stream = fs.getStream(descriptor)
    if (stream) inheritable.add(stream)
  }
  return {
    status_flags: (descriptor) => fs.getStream(descriptor)?.flags ?? -1,
    set_status_flags(descriptor, flags) {
      const stream = fs.getStream(descriptor)
      if (!stream) return false
      stream.flags = (stream.flags & ~CHANGEABLE) | (flags & CHANGEABLE)
      return true
    },
    is_inheritable(descriptor) {
      const stream = fs.getStream(descriptor)
      return stream ? inheritable.has(stream) : false
    },
    inheritable: () => fs.streams.flatMap((stream) => (stream && inheritable.has(stream) ? [stream.fd] : [])),
    set_inheritable(descriptor, isInheritable) {
      const stream = fs.getStream(descriptor)
      if (!stream) return
      if (isInheritable) inheritable.add(stream)
      else inheritable.delete(stream)
    },
  }
}
