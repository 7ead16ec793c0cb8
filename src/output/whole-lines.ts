/**
 * Writes the output of served scripts in whole lines, with a prefix if needed, so that lines are not mixed with others.
 * Holds an unfinished line until its end, the end of its call, or one second. Used by `script-output.ts`.
 */

type CallNumber = number

const LINE_FEED = 10
const HELD_FOR_MS = 1_000
const MAX_HELD_BYTES = 65_536

export class WholeLines {
  readonly #write: (bytes: Buffer) => void
  readonly #prefixOf: (call: CallNumber) => string
  readonly #held = new Map<CallNumber, Buffer>()
  #timer: NodeJS.Timeout | null = null

  /** `prefixOf`: prefix of each line of a call, or ''. */
  constructor(write: (bytes: Buffer) => void, prefixOf: (call: CallNumber) => string) {
    this.#write = write
    this.#prefixOf = prefixOf
  }

  /** Takes bytes, whose memory may change afterwards. */
  write(call: CallNumber, printed: Uint8Array): void {
    const fresh = Buffer.from(printed.buffer, printed.byteOffset, printed.length)
    const held = this.#held.get(call)
    const bytes = held === undefined ? fresh : Buffer.concat([held, fresh])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    if (end > 0) this.#let(call, bytes.subarray(0, end))
    if (end === bytes.length) this.#held.delete(call)
    else {
      this.#held.set(call, Buffer.from(bytes.subarray(end)))
      if (bytes.length - end > MAX_HELD_BYTES) this.ended(call)
      else this.#timer ??= setTimeout(() => this.end(), HELD_FOR_MS).unref()
    }
  }

  ended(call: CallNumber): void {
    const held = this.#held.get(call)
    if (held === undefined) return
    this.#held.delete(call)
    this.#let(call, Buffer.concat([held, END_OF_LINE]))
  }

  end(): void {
    this.#timer = null
    for (const call of [...this.#held.keys()]) this.ended(call)
  }

  #let(call: CallNumber, lines: Buffer): void {
    const prefix = this.#prefixOf(call)
    this.#write(prefix === '' ? lines : prefixed(Buffer.from(prefix), lines))
  }
}

const END_OF_LINE = Buffer.from('\n')

function prefixed(prefix: Buffer, lines: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let begin = 0; begin < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, begin) + 1
    parts.push(prefix, lines.subarray(begin, end))
    begin = end
  }
  return Buffer.concat(parts)
}
