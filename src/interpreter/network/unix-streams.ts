/**
 * Connections between Unix sockets of one interpreter. Both ends know each other and their addresses, and can pass
 * descriptors. Owned by `sockets.ts`. Listeners of other processes are not known here.
 */

import { statSync } from 'node:fs'
import { duplexPair } from 'node:stream'
import type { ListeningEndpoint } from './listening-socket.ts'
import { StreamEndpoint } from './stream-socket.ts'

interface Listener {
  readonly endpoint: ListeningEndpoint
  /** Identity of the file at the path when it was bound; empty for a name that is not a path. */
  readonly file: string
}

export class LocalStreams {
  readonly #listeners = new Map<string, Listener>()

  add(path: string, endpoint: ListeningEndpoint): void {
    this.#listeners.set(path, { endpoint, file: fileAt(path) })
  }

  /** Connects to the listener at a path, or returns undefined. `from` is the client's own address. */
  connect(path: string, from: string): StreamEndpoint | undefined {
    const listener = this.#listeners.get(path)
    if (listener === undefined) return undefined
    if (listener.endpoint.isClosed || fileAt(path) !== listener.file) {
      this.#listeners.delete(path)
      return undefined
    }
    if (!listener.endpoint.isListening) return undefined
    const [near, far] = streamPair([from], [path])
    listener.endpoint.arrive(far)
    return near
  }
}

export function streamPair(left: readonly [string], right: readonly [string]): [StreamEndpoint, StreamEndpoint] {
  const [near, far] = duplexPair({ allowHalfOpen: true })
  const ends: [StreamEndpoint, StreamEndpoint] = [
    StreamEndpoint.over(near, left, right),
    StreamEndpoint.over(far, right, left),
  ]
  ends[0].passedDescriptors.connect(ends[1].passedDescriptors)
  return ends
}

function fileAt(path: string): string {
  if (path.startsWith('\0')) return ''
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? 'none' : `${stats.dev}:${stats.ino}`
}
