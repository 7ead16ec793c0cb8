/**
 * A named pipe that a script opened, and the wait for its other end. Node cannot be notified of the other end or of
 * room in the pipe, so both are polled while a stack waits, first often, then less. Made by `files/named-pipes.ts`.
 *
 * Proved by `python/tests/stdlib/test_named_pipes.py`.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import {
  type Address,
  BROKEN,
  Endpoint,
  errorName,
  HUNG_UP,
  type LentDescriptor,
  plainBytes,
  READABLE,
  type ReadResult,
  WRITABLE,
} from './endpoint.ts'

const READ_BYTES = 64 * 1024
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 32
const NOTHING = new Uint8Array(0)

/** O_RDONLY, O_WRONLY or O_RDWR. */
export type Access = number

/** Endpoint that is polled while it has watchers. */
abstract class PolledEndpoint extends Endpoint {
  readonly #watching = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null
  #pauseMs = FIRST_PAUSE_MS

  override localAddress(): Address | undefined {
    return undefined
  }

  override peerAddress(): Address | undefined {
    return undefined
  }

  override watch(watcher: () => void): void {
    super.watch(watcher)
    this.#watching.add(watcher)
    this.#pauseMs = FIRST_PAUSE_MS
    this.#timer ??= this.#lookLater()
  }

  override unwatch(watcher: () => void): void {
    super.unwatch(watcher)
    this.#watching.delete(watcher)
    if (this.#watching.size > 0 || this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
  }

  protected abstract hasNews(): boolean

  #lookLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
      this.#timer = this.#lookLater()
      if (this.hasNews()) this.changed()
    }, this.#pauseMs)
  }
}

export class NamedPipe extends PolledEndpoint {
  readonly #path: string
  readonly #access: Access
  readonly #descriptor: number
  #unread: Uint8Array = NOTHING
  #hadWriter = false
  #isEnded = false
  #isFull = false
  #isBroken = false

  private constructor(path: string, access: Access, descriptor: number) {
    super()
    this.#path = path
    this.#access = access
    this.#descriptor = descriptor
  }

  /** Opens without waiting. Throws as `openSync`, with ENXIO when writing to a pipe without a reader. */
  static open(path: string, access: Access): NamedPipe {
    return new NamedPipe(path, access, openSync(path, access | constants.O_NONBLOCK))
  }

  get hasOtherEnd(): boolean {
    if (this.#access !== constants.O_RDONLY) return true
    this.#pull()
    return this.#hadWriter
  }

  override get bufferedBytes(): number {
    return this.#unread.length
  }

  override read(size: number, isPeek: boolean): ReadResult {
    this.#pull()
    if (this.#unread.length === 0) return this.#isEnded ? NOTHING : undefined
    const taken = this.#unread.slice(0, size)
    if (!isPeek) this.#unread = this.#unread.subarray(taken.length)
    return taken
  }

  override write(bytes: Uint8Array): number | string | undefined {
    try {
      return writeSync(this.#descriptor, bytes)
    } catch (error) {
      const name = errorName(error)
      if (name === 'EAGAIN') this.#isFull = true
      else this.#isBroken = true
      return name === 'EAGAIN' ? undefined : name
    }
  }

  override readiness(): number {
    let bits = 0
    if (this.#access !== constants.O_WRONLY) {
      this.#pull()
      if (this.#unread.length > 0) bits |= READABLE
      if (this.#isEnded && this.#hadWriter) bits |= HUNG_UP
    }
    if (this.#access !== constants.O_RDONLY && !this.#isFull) bits |= WRITABLE
    return this.#isBroken ? bits | BROKEN : bits
  }

  /** Returns a descriptor that blocks, as children expect; none while this process has unread bytes. */
  override lend(): LentDescriptor | null {
    if (this.#unread.length > 0) return null
    const both = openSync(this.#path, constants.O_RDWR) // an end alone is opened only when there is another
    try {
      return { descriptor: openSync(this.#path, this.#access), isOurs: true }
    } finally {
      closeSync(both)
    }
  }

  protected override hasNews(): boolean {
    const wasFull = this.#isFull
    this.#isFull = false // whether there is room is found out by writing
    return wasFull || this.readiness() !== 0
  }

  protected override release(): void {
    closeSync(this.#descriptor)
  }

  #pull(): void {
    if (this.#unread.length > 0 || this.isClosed) return
    const bytes = new Uint8Array(READ_BYTES)
    try {
      const count = readSync(this.#descriptor, bytes)
      this.#unread = plainBytes(bytes.subarray(0, count))
      this.#isEnded = count === 0
      this.#hadWriter ||= count > 0
    } catch (error) {
      this.#isEnded = errorName(error) !== 'EAGAIN'
      this.#hadWriter ||= !this.#isEnded // EAGAIN means that a writer has the pipe open
    }
  }
}

/** Becomes readable when the pipe is open at both ends, or cannot be opened. */
export class NamedPipeOpening extends PolledEndpoint {
  readonly path: string
  readonly access: Access
  #pipe: NamedPipe | null = null
  #isTaken = false
  #problem: unknown = null

  constructor(path: string, access: Access) {
    super()
    this.path = path
    this.access = access
  }

  override get isOpening(): boolean {
    return true
  }

  /** Returns the pipe, or null if not open yet. Its owner closes it. Throws the error of opening it. */
  take(): NamedPipe | null {
    if (!this.#isDecided()) return null
    if (this.#problem !== null) throw this.#problem
    this.#isTaken = true
    return this.#pipe
  }

  override readiness(): number {
    return this.#isDecided() ? READABLE : 0
  }

  protected override hasNews(): boolean {
    return this.#isDecided()
  }

  protected override release(): void {
    if (!this.#isTaken) this.#pipe?.close()
  }

  #isDecided(): boolean {
    if (this.#problem !== null) return true
    try {
      this.#pipe ??= NamedPipe.open(this.path, this.access)
      return this.#pipe.hasOtherEnd
    } catch (error) {
      if (errorName(error) === 'ENXIO') return false
      this.#problem = error
      return true
    }
  }
}
