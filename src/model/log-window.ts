/**
 * Keeps the beginning and the end of something that may grow without limit, and counts what is in neither: of a limit,
 * the first quarter and the last three quarters. Used wherever logs are gathered: in an interpreter, for a poll, in a store.
 */

import type { LogPiece, LogSize } from './log.ts'

type Mutable = { -readonly [Name in keyof LogSize]: LogSize[Name] }

export class LogWindow<Part extends Mutable> {
  readonly #limitBytes: number
  #head: Part[] = []
  #headBytes = 0
  #isHeadFull = false
  #tail: Part[] = []
  /** Where the tail begins: taking away the first of a long list costs its length. */
  #first = 0
  #tailBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isEmpty(): boolean {
    return this.#head.length + this.#tail.length === this.#first
  }

  /** Adds a part at the end. Returns what was dropped for it; the part behind that says so. */
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

  /** The part behind the middle, which says what was dropped; undefined when there is none. */
  get afterCut(): Part | undefined {
    return this.#tail[this.#first]
  }

  /** All that is kept, in its order. The window is empty, and as new, then. */
  take(): readonly Part[] {
    const parts = [...this.#head, ...this.#tail.slice(this.#first)]
    this.#head = []
    this.#tail = []
    this.#first = this.#headBytes = this.#tailBytes = 0
    this.#isHeadFull = false
    return parts
  }

  /** The last part stays, however large it is. */
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

/** A window of pieces of a log. */
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
