/**
 * Base of all sockets and pipes of a script: their readiness, and who waits for it. An endpoint never blocks.
 * Implemented by the stream, listening and datagram sockets; owned by `sockets.ts`.
 *
 * Proved by `python/tests/stdlib/test_pipes.py`.
 */

/** Bits of readiness, as `poll` has them. */
export const READABLE = 1
export const WRITABLE = 4
export const BROKEN = 8
export const HUNG_UP = 16

/** An address as Python sees it: host and port, or a path. */
export type Address = readonly [string, number] | readonly [string]

/** Bytes; or the name of an error number; or undefined: nothing yet, wait until the endpoint is readable. */
export type ReadResult = Uint8Array | string | undefined

/** A descriptor of the process, for a child. `isOurs`: to be closed when the child has it. */
export interface LentDescriptor {
  readonly descriptor: number
  readonly isOurs: boolean
}

export abstract class Endpoint {
  readonly #watchers = new Set<() => void>()
  #isClosed = false
  #changes = 0

  get bufferedBytes(): number {
    return 0
  }

  read(_size: number, _isPeek: boolean): ReadResult {
    return 'ENOTCONN'
  }

  /** Returns the number of bytes taken, the name of an error, or undefined: wait until it is writable. */
  write(_bytes: Uint8Array): number | string | undefined {
    return 'ENOTCONN'
  }

  /** Returns a descriptor for a child process; null if it can have none. */
  lend(): LentDescriptor | null {
    return null
  }

  /** Returns the possible operations without waiting, as bits. */
  abstract readiness(): number
  abstract localAddress(): Address | undefined
  abstract peerAddress(): Address | undefined
  /** Closes the endpoint. Written bytes are still sent. */
  protected abstract release(): void

  /** Whether it only represents the wait until something is open. */
  get isOpening(): boolean {
    return false
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get changes(): number {
    return this.#changes
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.release()
    this.changed()
  }

  /** Calls `watcher` at every change of readiness, until `unwatch`. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: () => void): void {
    this.#watchers.delete(watcher)
  }

  changed(): void {
    this.#changes += 1
    for (const watcher of [...this.#watchers]) watcher()
  }
}

/** Returns the name of an error number for an error of Node; for TLS, Node's own code. */
export function errorName(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code === undefined) return 'EIO'
  if (code.startsWith('ERR_SSL_')) return code
  if (code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END' || code === 'EPIPE') return 'EPIPE'
  if (code === 'ERR_SOCKET_BAD_PORT' || code === 'ERR_INVALID_IP_ADDRESS') return 'EINVAL'
  return /^E[A-Z0-9]+$/.test(code) ? code : 'EIO'
}

/** Returns the bytes as a plain array, because Pyodide (seen in 314.0.7) does not support Node's `Buffer`. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
