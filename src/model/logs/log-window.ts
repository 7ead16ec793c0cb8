/**
 * Keeps the first quarter and the last three quarters of a limit of data that may grow without end, and counts the
 * dropped part. Used for logs in an interpreter, of a poll, and in a store.
 */

import type { LogPiece, LogSize } from './log-record.ts'

type Mutable = { -readonly [Name in keyof LogSize]: LogSize[Name] }

export class LogWindow<Part extends Mutable> {
  readonly #limitBytes: number
  #head: Part[] = []
  #headBytes = 0
  #isHeadFull = false
  #tail: Part[] = []
  /** Start of the tail: removing the first element of a long array costs its length. */
  #first = 0
  #tailBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isEmpty(): boolean {
    return this.#head.length + this.#tail.length === this.#first
  }

  /** Adds a part at the end. Returns the dropped parts, which the part after them states. */
  add(part: Part): readonly Part[] {
    if (!this.#isHeadFull && this.#headBytes + part.bytes <= this.#limitBytes / 4) {
      this.#head.push(part)
      this.#headBytes += part.bytes
      return NOTHING
    }
    this.#isHeadFull = true
    this.#tail.push(part)
    this.#tailBytes += part.bytes
    return this.#tailBytes > (this.#limitBytes * 3) / 4 ? this.#shorten() : NOTHING
  }

  /** First part after the cut, which states how much was dropped. Undefined without a cut. */
  get afterCut(): Part | undefined {
    return this.#tail[this.#first]
  }

  /** Returns all kept parts in order, and empties the window. */
  take(): readonly Part[] {
    const parts = [...this.#head, ...this.#tail.slice(this.#first)]
    this.#head = []
    this.#tail = []
    this.#first = this.#headBytes = this.#tailBytes = 0
    this.#isHeadFull = false
    return parts
  }

  /** Keeps the last part, however large it is. */
  #shorten(): readonly Part[] {
    const dropped: Part[] = []
    let cutRecords = 0
    let cutBytes = 0
    while (this.#tailBytes > (this.#limitBytes * 3) / 4 && this.#first < this.#tail.length - 1) {
      const part = this.#tail[this.#first] as Part
      this.#first += 1
      this.#tailBytes -= part.bytes
      cutRecords += part.records + part.cutRecords
      cutBytes += part.bytes + part.cutBytes
      dropped.push(part)
    }
    const after = this.afterCut
    if (after !== undefined) {
      after.cutRecords += cutRecords
      after.cutBytes += cutBytes
    }
    if (this.#first > this.#tail.length / 2) {
      this.#tail = this.#tail.slice(this.#first)
      this.#first = 0
    }
    return dropped
  }
}

const NOTHING: readonly never[] = Object.freeze([])

export class LogPieces {
  readonly #window: LogWindow<Mutable & { readonly text: string }>

  constructor(limitBytes: number) {
    this.#window = new LogWindow(limitBytes)
  }

  get isEmpty(): boolean {
    return this.#window.isEmpty
  }

  add(piece: LogPiece): void {
    this.#window.add({ ...piece })
  }

  take(): readonly LogPiece[] {
    return this.#window.take()
  }
}
