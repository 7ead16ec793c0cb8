/**
 * What every kind of socket of a script shares: whether it can be read from or written to, and who waits for that.
 * Implemented by the stream, listening and datagram sockets; owned by `sockets.ts`. An endpoint never blocks.
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

  /** Bytes that have arrived and were not read. */
  get bufferedBytes(): number {
    return 0
  }

  read(_size: number, _isPeek: boolean): ReadResult {
    return 'ENOTCONN'
  }

  /** How many bytes were taken; the name of an error; or undefined: nothing for now, wait until it is writable. */
  write(_bytes: Uint8Array): number | string | undefined {
    return 'ENOTCONN'
  }

  /** What a child process gets for it; null where it can have none. */
  lend(): LentDescriptor | null {
    return null
  }

  /** What can be done now without waiting: bits. */
  abstract readiness(): number
  abstract localAddress(): Address | undefined
  abstract peerAddress(): Address | undefined
  /** Gives the endpoint up; what was written still goes out. */
  protected abstract release(): void

  /** It stands for the wait until something is open, and for nothing else. */
  get isOpening(): boolean {
    return false
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How often readiness may have changed. */
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

/** The name of an error number for what Node reports; Node's own code for an error of TLS. */
export function errorName(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (code === undefined) return 'EIO'
  if (code.startsWith('ERR_SSL_')) return code
  if (code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END' || code === 'EPIPE') return 'EPIPE'
  if (code === 'ERR_SOCKET_BAD_PORT' || code === 'ERR_INVALID_IP_ADDRESS') return 'EINVAL'
  return /^E[A-Z0-9]+$/.test(code) ? code : 'EIO'
}

/** The same bytes as a plain array: Pyodide (seen in 314.0.7) does not know Node's `Buffer`. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
