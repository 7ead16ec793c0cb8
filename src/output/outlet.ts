/**
 * Writes to a descriptor that must not delay anything: a log, or the output of served scripts. A write never throws and
 * never waits. Output that cannot be written yet (a pipe without a reader, a full disk) is kept up to a limit and
 * written as soon as possible. Output over the limit is dropped, and a notice in its place contains its size.
 */

import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

export interface Loss {
  readonly writes: number
  readonly bytes: number
  readonly reason: string
}

export interface OutletOptions {
  readonly limitBytes?: number
  /** Returns the text in place of the loss; called when it can be written, or at the end. */
  readonly notice: (loss: Loss) => string
}

const STDERR = 2
const LIMIT_BYTES = 1024 * 1024
const RETRY_MS = 20
/** PIPE_BUF: a pipe takes this much in one piece or not at all, so that lines of several writers are not torn. */
const PIECE_BYTES = 4096
/** Time that the last output waits for a reader that takes nothing. */
const STALLED_AFTER_MS = 250

export class Outlet {
  readonly #descriptor: number
  readonly #limitBytes: number
  readonly #notice: (loss: Loss) => string
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #lostWrites = 0
  #lostBytes = 0
  #reason = ''
  #retry: NodeJS.Timeout | null = null
  #triedAt = 0

  constructor(descriptor: number, { limitBytes = LIMIT_BYTES, notice }: OutletOptions) {
    this.#descriptor = withoutWaiting(descriptor)
    this.#limitBytes = limitBytes
    this.#notice = notice
  }

  get isBehind(): boolean {
    return this.#waiting.length > 0 || this.#lostWrites > 0
  }

  /** Takes a text or bytes, whose memory may change afterwards. */
  write(data: string | Uint8Array): void {
    const bytes = Buffer.from(data as Uint8Array)
    if (this.isBehind && performance.now() - this.#triedAt >= RETRY_MS) this.#writeOut()
    const written = this.isBehind ? 0 : this.#attempt(bytes)
    if (written < bytes.length) this.#keep(bytes, written)
  }

  /** Writes kept data while a reader takes it. Returns whether nothing is left. */
  async drain(): Promise<boolean> {
    let progressAt = performance.now()
    for (;;) {
      const before = this.#waitingBytes
      this.#writeOut()
      if (!this.isBehind) return true
      if (this.#waitingBytes !== before) progressAt = performance.now()
      if (performance.now() - progressAt > STALLED_AFTER_MS) return false
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** Drops unwritten data and returns its size, for a caller with another way to report it. */
  takeRest(): Loss | null {
    this.#lostWrites += this.#waiting.length
    this.#lostBytes += this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    return this.#takeLoss()
  }

  #takeLoss(): Loss | null {
    if (this.#lostWrites === 0) return null
    const loss = { writes: this.#lostWrites, bytes: this.#lostBytes, reason: this.#reason }
    this.#lostWrites = this.#lostBytes = 0
    return loss
  }

  /** Keeps the rest of a partly written piece despite the limit, so that no line is torn. */
  #keep(bytes: Buffer, written: number): void {
    const hasRoom = this.#waitingBytes + bytes.length <= this.#limitBytes
    if (written === 0 && (!hasRoom || this.#lostWrites > 0)) {
      this.#lostWrites += 1
      this.#lostBytes += bytes.length
    } else {
      this.#waiting.push(written === 0 ? bytes : bytes.subarray(written))
      this.#waitingBytes += bytes.length - written
    }
    this.#retryLater()
  }

  #writeOut(): void {
    while (this.#waiting.length > 0) {
      const piece = this.#takePiece()
      const written = this.#attempt(piece)
      this.#waitingBytes -= written
      if (written === piece.length) continue
      this.#waiting.unshift(piece.subarray(written))
      this.#retryLater()
      return
    }
    const loss = this.#takeLoss()
    const notice = loss === null ? '' : this.#notice(loss)
    if (notice !== '') this.write(notice)
  }

  #takePiece(): Buffer {
    let count = 0
    let size = 0
    for (const next of this.#waiting) {
      if (count > 0 && size + next.length > PIECE_BYTES) break
      count += 1
      size += next.length
    }
    return Buffer.concat(this.#waiting.splice(0, count), size)
  }

  #attempt(bytes: Buffer): number {
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written)
    } catch (error) {
      // A full disk may be emptied, and a pipe may be read: nothing is given up.
      this.#reason = (error as NodeJS.ErrnoException).code ?? String(error)
      this.#triedAt = performance.now()
    }
    return written
  }

  #retryLater(): void {
    if (this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#writeOut()
    }, RETRY_MS).unref()
  }
}

let arePrepared = false

/** Pipes and sockets among the standard streams do not wait once Node has touched them. Called on the main thread. */
export function prepareStandardStreams(): void {
  if (arePrepared) return
  arePrepared = true
  // Ignored: nobody writes through them
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

export function isSameFile(...descriptors: readonly [number, number]): boolean {
  try {
    const [one, other] = descriptors.map((descriptor) => fstatSync(descriptor))
    return one?.dev === other?.dev && one?.ino === other?.ino
  } catch {
    return false // a descriptor is closed
  }
}

/** Opens a terminal or pipe again so that writes do not wait. Other processes that have it open do not notice. */
function withoutWaiting(descriptor: number): number {
  try {
    if (!isatty(descriptor) && !(descriptor > STDERR && fstatSync(descriptor).isFIFO())) return descriptor
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return descriptor // no such path outside Linux, a terminal of another user, or a pipe whose reader is gone
  }
}
