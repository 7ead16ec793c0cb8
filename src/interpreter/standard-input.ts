/** Reads the process's standard input. Used by `interpreter-session.ts` for scripts that read it. */

import { read } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Reads into a buffer; resolves with the number of bytes, 0 at the end of the input. */
type ReadInto = (buffer: Uint8Array) => Promise<number>

/** Interval of reads from a terminal that Node opened without blocking. */
const ASK_AGAIN_AFTER_MS = 20
const NOTHING = new Uint8Array(0)

/**
 * One read at a time, because waits may be interrupted (Ctrl-C, an alarm) and a read cannot be cancelled. Its input
 * goes to the next reader.
 */
export class StandardInput {
  readonly #read: ReadInto
  #coming: Promise<void> | null = null
  /** Input that nobody has taken: empty at the end of the input, null if there is none. */
  #here: Uint8Array | null = null

  constructor(read: ReadInto = readStandardInput) {
    this.#read = read
  }

  /** Settles when `take` can return input or its end. */
  async arrival(size: number): Promise<void> {
    if (this.#here !== null) return
    this.#coming ??= this.#next(size)
    await this.#coming
  }

  /** Returns at most `size` bytes, none at the end; undefined if another reader took the input. */
  take(size: number): Uint8Array | undefined {
    const here = this.#here
    if (here === null) return undefined
    this.#here = here.length > size ? here.subarray(size) : null
    return here.subarray(0, size)
  }

  async #next(size: number): Promise<void> {
    try {
      const buffer = new Uint8Array(size)
      const length = await this.#read(buffer)
      this.#here = length === 0 ? NOTHING : buffer.subarray(0, length)
    } finally {
      this.#coming = null
    }
  }
}

const readDescriptor = promisify(read)

async function readStandardInput(buffer: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return (await readDescriptor(0, buffer, 0, buffer.length, null)).bytesRead
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      await delay(ASK_AGAIN_AFTER_MS)
    }
  }
}
