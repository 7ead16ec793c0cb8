/**
 * Splits printed bytes into lines, by call. An unfinished line is passed on at the end of its call, or after a second.
 * Only the beginning of a long line is kept. Used by the host of Python and by the functions of TypeScript.
 */

import type { Printed } from './call-log.ts'
import { decodeCut, type LineOrigin, MAX_LINE_BYTES, type ScriptLineSink } from './script-line.ts'

type CallNumber = number

const LINE_FEED = 10
const HELD_FOR_MS = 1_000

interface Held {
  /** Monotonic time of its first byte. */
  since: number
  parts: Buffer[]
  bytes: number
  isCut: boolean
  /** Whether everything so far was passed on before the end of the line. */
  isTaken: boolean
}

type LineTaker = (call: CallNumber, message: string, isCut: boolean) => void

/** Passes lines of a stream to a function, with the names of their calls. */
export function printedLines(
  stream: Printed,
  sink: ScriptLineSink,
  originOf: (call: CallNumber) => LineOrigin,
): PrintedLines {
  return new PrintedLines((call, message, isCut) =>
    sink({ at: Date.now(), stream, level: 'info', message, isCut, origin: originOf(call) }),
  )
}

export class PrintedLines {
  readonly #take: LineTaker
  readonly #held = new Map<CallNumber, Held>()
  #timer: NodeJS.Timeout | null = null

  constructor(take: LineTaker) {
    this.#take = take
  }

  /** Takes bytes, whose memory may change afterwards. */
  write(call: CallNumber, printed: Uint8Array): void {
    const bytes = Buffer.from(printed.buffer, printed.byteOffset, printed.length)
    let begin = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, begin)) {
      this.#add(call, bytes.subarray(begin, end))
      this.#lineEnds(call)
      begin = end + 1
    }
    if (begin === bytes.length) return
    this.#add(call, Buffer.from(bytes.subarray(begin)))
    this.#timer ??= setTimeout(() => this.#timeIsOver(), HELD_FOR_MS).unref()
  }

  ended(call: CallNumber): void {
    if (this.#held.has(call)) this.#lineEnds(call)
  }

  end(): void {
    for (const call of [...this.#held.keys()]) this.#lineEnds(call)
  }

  #add(call: CallNumber, bytes: Buffer): void {
    const held = this.#held.get(call) ?? newLine()
    this.#held.set(call, held)
    if (held.isCut || (held.isTaken && bytes.length === 0)) return
    held.isTaken = false
    if (held.bytes === 0) held.since = performance.now()
    const room = MAX_LINE_BYTES - held.bytes
    held.isCut = bytes.length > room
    const kept = held.isCut ? bytes.subarray(0, room) : bytes
    held.parts.push(kept)
    held.bytes += kept.length
  }

  #lineEnds(call: CallNumber): void {
    const held = this.#held.get(call)
    this.#held.delete(call)
    if (held !== undefined && !held.isTaken) this.#passOn(call, held)
  }

  /** The rest of a cut line is still dropped, and the rest of another line becomes a line of its own. */
  #timeIsOver(): void {
    this.#timer = null
    const now = performance.now()
    let nextMs = Number.POSITIVE_INFINITY
    for (const [call, held] of this.#held) {
      if (held.isTaken) continue
      const leftMs = held.since + HELD_FOR_MS - now
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
      else {
        this.#passOn(call, held)
        this.#held.set(call, { ...newLine(), isCut: held.isCut, isTaken: true })
      }
    }
    if (nextMs <= HELD_FOR_MS) this.#timer = setTimeout(() => this.#timeIsOver(), nextMs).unref()
  }

  #passOn(call: CallNumber, { parts, isCut }: Held): void {
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    const text = isCut ? decodeCut(bytes) : bytes.toString()
    this.#take(call, text.endsWith('\r') ? text.slice(0, -1) : text, isCut)
  }
}

function newLine(): Held {
  return { since: performance.now(), parts: [], bytes: 0, isCut: false, isTaken: false }
}
