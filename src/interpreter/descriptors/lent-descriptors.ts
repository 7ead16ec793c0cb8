/**
 * Lends the scripts' open files to child processes: files, ends of pipes (`pipe.ts`), devices, sockets
 * (`lent-stream.ts`). File offsets are shared from then on. Called by `children/child-processes.ts`.
 */

import { openSync } from 'node:fs'
import { canMoveOffsets, getOffset, setOffset } from '../../native/handed-files.ts'
import type { EmscriptenFS, FileStream } from './emscripten-fs.ts'
import type { Endpoint, LentDescriptor } from './endpoint.ts'

const STANDARD_STREAMS: ReadonlyMap<string, number> = new Map([
  ['/dev/stdin', 0],
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
])
/** Emscripten's own devices that every system has, too. */
const DEVICES: ReadonlySet<string> = new Set(['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'])

/** O_ACCMODE */
const ACCESS_MODE = 3

/** Returns null if it is not open. Throws with the code ENOTSUP if a child cannot inherit it. */
export function lendDescriptor(
  fs: EmscriptenFS,
  endpointOf: (descriptor: number) => Endpoint | undefined,
  descriptor: number,
): LentDescriptor | null {
  const stream = fs.getStream(descriptor)
  if (!stream) return null
  if (stream.nfd !== undefined) {
    shareOffset(stream, 'ours')
    return { descriptor: stream.nfd, isOurs: false }
  }
  const standard = STANDARD_STREAMS.get(stream.path)
  if (standard !== undefined) return { descriptor: standard, isOurs: false }
  if (DEVICES.has(stream.path)) {
    return { descriptor: openSync(stream.path, stream.flags & ACCESS_MODE), isOurs: true }
  }
  const lent = endpointOf(descriptor)?.lend() ?? null
  if (lent !== null) return lent
  throw Object.assign(new Error(`"${stream.path}" cannot be passed to another process`), { code: 'ENOTSUP' })
}

/** Synchronizes the offsets of Emscripten and the system, which move separately. `from`: the valid one. */
export function shareOffset({ shared, nfd }: FileStream, from: 'ours' | 'systems'): void {
  if (shared === undefined || nfd === undefined || !canMoveOffsets) return
  const own = Object.getOwnPropertyDescriptor(shared, 'position')
  if (own?.get !== undefined) return
  if (from === 'ours') setOffset(nfd, shared.position ?? 0)
  Object.defineProperty(shared, 'position', {
    get: () => getOffset(nfd),
    set: (offset: number) => setOffset(nfd, offset),
  })
}
