/**
 * One end of a pipe of the system, which `pipe.ts` uses when a child process has the other end. No function waits.
 * Node's stream is only used to notice more bytes or room, so nothing is read from an end that Python only passes on.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { errorName, type LentDescriptor, plainBytes, type ReadResult } from './endpoint.ts'

const READ_BYTES = 64 * 1024
/** PIPE_BUF: at least this much fits when the system reports room. */
const WAITING_BYTES = 4096

const NOTHING = new Uint8Array(0)

/** Opens the pipe again. Node makes an end non-blocking for all who share it; the opened one is separate. */
function openAgain(descriptor: number, flags: 'r' | 'w'): number {
  return openSync(`/proc/self/fd/${descriptor}`, flags)
}

export class SystemPipeReader {
  readonly #descriptor: number
  readonly #changed: () => void
  #stream: Socket | null = null
  #isFlowing = false
  #chunks: Uint8Array[] = []
  #length = 0
  #isEnded = false
  #isClosed = false

  /** `changed` is called when there may be something to read. */
  constructor(descriptor: number, changed: () => void) {
    this.#descriptor = descriptor
    this.#changed = changed
  }

  /** Lower bound: reads may return more. */
  get bufferedBytes(): number {
    this.#flow()
    return this.#length
  }

  get isEnded(): boolean {
    this.#flow()
    return this.#isEnded && this.#length === 0
  }

  read(size: number, isPeek: boolean): ReadResult {
    this.#pull()
    if (this.#length === 0) return this.#isEnded ? NOTHING : undefined
    const first = this.#chunks[0] ?? NOTHING
    const taken = first.slice(0, size)
    if (!isPeek) {
      this.#length -= taken.length
      if (taken.length === first.length) this.#chunks.shift()
      else this.#chunks[0] = first.subarray(taken.length)
    }
    return taken
  }

  lend(): LentDescriptor {
    if (this.#stream === null) return { descriptor: this.#descriptor, isOurs: false }
    return { descriptor: openAgain(this.#descriptor, 'r'), isOurs: true }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#stream === null) closeSync(this.#descriptor)
    else this.#stream.destroy()
  }

  #pull(): void {
    if (this.#length > 0 || this.#isEnded || this.#isClosed) return
    this.#listen()
    const bytes = new Uint8Array(READ_BYTES)
    try {
      const count = readSync(this.#descriptor, bytes)
      if (count === 0) this.#isEnded = true
      else this.#keep(bytes.subarray(0, count))
    } catch (error) {
      if (errorName(error) === 'EAGAIN') this.#flow()
      else this.#isEnded = true
    }
  }

  #flow(): void {
    if (this.#length > 0 || this.#isEnded || this.#isClosed || this.#isFlowing) return
    this.#isFlowing = true
    this.#listen().resume()
  }

  #listen(): Socket {
    if (this.#stream !== null) return this.#stream
    const stream = new Socket({
      fd: this.#descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: new Uint8Array(READ_BYTES),
        callback: (count, bytes) => {
          this.#keep(plainBytes(bytes).slice(0, count))
          this.#isFlowing = false
          this.#changed()
          return false // paused until the next request
        },
      },
    })
    const end = () => {
      this.#isEnded = true
      this.#changed()
    }
    stream.on('end', end)
    stream.on('error', end)
    stream.pause()
    this.#stream = stream
    return stream
  }

  #keep(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }
}

export class SystemPipeWriter {
  readonly #descriptor: number
  readonly #changed: () => void
  #stream: Socket | null = null
  /** Whether Node holds bytes for which there was no room. */
  #isFull = false
  #error: string | null = null
  #isClosed = false

  /** `changed` is called when there may be room again. */
  constructor(descriptor: number, changed: () => void) {
    this.#descriptor = descriptor
    this.#changed = changed
  }

  get isBroken(): boolean {
    return this.#error !== null
  }

  get isWritable(): boolean {
    return !this.#isFull
  }

  write(bytes: Uint8Array): number | string | undefined {
    if (this.#error !== null) return this.#error
    if (this.#isFull) return undefined
    const stream = this.#open()
    try {
      return writeSync(this.#descriptor, bytes)
    } catch (error) {
      const name = errorName(error)
      if (name === 'EAGAIN') return this.#hold(stream, bytes.slice(0, WAITING_BYTES))
      this.#error = name
      return name
    }
  }

  lend(): LentDescriptor {
    if (this.#stream === null) return { descriptor: this.#descriptor, isOurs: false }
    return { descriptor: openAgain(this.#descriptor, 'w'), isOurs: true }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#stream === null) closeSync(this.#descriptor)
    else if (this.#isFull) this.#stream.end()
    else this.#stream.destroy()
  }

  begin(bytes: Uint8Array): void {
    if (bytes.length > WAITING_BYTES)
      this.#hold(this.#open(), bytes) // the system gives small pipes to a user with many pipes
    else if (bytes.length > 0) writeSync(this.#descriptor, bytes)
  }

  #open(): Socket {
    if (this.#stream !== null) return this.#stream
    const stream = new Socket({ fd: this.#descriptor, readable: false, writable: true })
    stream.on('error', (error) => {
      this.#error = errorName(error)
      this.#changed()
    })
    this.#stream = stream
    return stream
  }

  #hold(stream: Socket, bytes: Uint8Array): number {
    this.#isFull = true
    stream.write(bytes, () => {
      this.#isFull = false
      this.#changed()
    })
    return bytes.length
  }
}
