/**
 * The scripts' open files as descriptors of the process, for child processes: files and standard streams as they are, ends of
 * pipes (`pipe.ts`), devices, and for a socket one that is connected with it (`lent-stream.ts`). A file's offset is shared with the child from then on. Called by `children/child-processes.ts`.
 */

import { openSync } from 'node:fs'
import { canMoveOffsets, offsetOf, setOffset } from '../../native/handed-files.ts'
import type { EmscriptenFS, FileStream } from './emscripten-fs.ts'
import type { Endpoint, LentDescriptor } from './endpoint.ts'

const STANDARD_STREAMS: ReadonlyMap<string, number> = new Map([
  ['/dev/stdin', 0],
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
])
/** Emscripten's own devices that every system has by these names. */
const DEVICES: ReadonlySet<string> = new Set(['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'])

/** O_ACCMODE */
const ACCESS_MODE = 3

/** Null when it is not open. Throws with the code ENOTSUP for what no child can be handed. */
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

/** Emscripten keeps offsets by itself; what others do with the same open file moves only the system's. `from`: which one counts. */
export function shareOffset({ shared, nfd }: FileStream, from: 'ours' | 'systems'): void {
  if (shared === undefined || nfd === undefined || !canMoveOffsets) return
  const own = Object.getOwnPropertyDescriptor(shared, 'position')
  if (own?.get !== undefined) return
  if (from === 'ours') setOffset(nfd, shared.position ?? 0)
  Object.defineProperty(shared, 'position', {
    get: () => offsetOf(nfd),
    set: (offset: number) => setOffset(nfd, offset),
  })
}
