/**
 * Log of one poll or attempt between two messages to the engine: printed lines and log records. Created by
 * `call-logs.ts`. At most the limit is kept; the number of removed characters is counted.
 *
 * Text that is printed to one stream within a millisecond is one record, so that taking a line is much cheaper than
 * printing it.
 */

import type { LogPiece } from '../model/logs/log-record.ts'
import { LogWindow } from '../model/logs/log-window.ts'

export type Printed = 'stdout' | 'stderr'

const LONGEST_TEXT_BYTES = 16_384
/** Size of a piece. Stored logs are cut by whole pieces. */
const PIECE_BYTES = 32_768
/** Approximate size of a record without its text. */
const RECORD_BYTES = 48
const LINE_FEED = 10

interface Entry {
  readonly at: number
  /** `log`: `text` is the JSON of a record. */
  readonly stream: Printed | 'log'
  text: string
  isPart: boolean
  records: number
  bytes: number
  cutRecords: number
  cutBytes: number
}

export class CallLog {
  readonly #limitBytes: number
  readonly #entries: LogWindow<Entry>
  #open: Entry | null = null
  readonly #partial: Record<Printed, Buffer | null> = { stdout: null, stderr: null }
  /** Monotonic time of the oldest record that was not taken. */
  since: number | null = null

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
    this.#entries = new LogWindow(limitBytes)
  }

  get isEmpty(): boolean {
    const { stdout, stderr } = this.#partial
    return this.#open === null && this.#entries.isEmpty && stdout === null && stderr === null
  }

  /** Takes bytes, whose memory may change afterwards. */
  print(stream: Printed, printed: Uint8Array, at: number): void {
    if (printed.length === 0) return
    this.since ??= performance.now()
    const fresh = Buffer.from(printed.buffer, printed.byteOffset, printed.length)
    const before = this.#partial[stream]
    const bytes = before === null ? fresh : Buffer.concat([before, fresh])
    this.#partial[stream] = null
    if (bytes.length > 2 * this.#limitBytes + LONGEST_TEXT_BYTES) this.#printMuch(stream, bytes, at)
    else this.#printLines(stream, bytes, at)
  }

  log(json: string): void {
    this.since ??= performance.now()
    this.#close()
    const bytes = Buffer.byteLength(json) + 1
    this.#entries.add({
      at: 0,
      stream: 'log',
      text: json,
      isPart: false,
      records: 1,
      bytes,
      cutRecords: 0,
      cutBytes: 0,
    })
  }

  /** Returns all records as pieces; with `isAll` also an unfinished line. */
  take(isAll: boolean, at: number): readonly LogPiece[] {
    this.since = null
    for (const stream of isAll ? (['stdout', 'stderr'] as const) : []) {
      const rest = this.#partial[stream]
      this.#partial[stream] = null
      if (rest !== null) this.#add(stream, rest.toString(), at, 1, true)
    }
    this.#close()
    return piecesOf(this.#entries.take())
  }

  /** Only counts the middle of a long output, which would be cut anyway. */
  #printMuch(stream: Printed, bytes: Buffer, at: number): void {
    const begin = bytes.lastIndexOf(LINE_FEED, this.#limitBytes) + 1
    const end = bytes.indexOf(LINE_FEED, bytes.length - this.#limitBytes) + 1
    if (begin === 0 || end === 0) {
      this.#printLines(stream, bytes, at)
      return
    }
    this.#printLines(stream, bytes.subarray(0, begin), at)
    this.#close()
    const middle = bytes.subarray(begin, end)
    const size = { records: countLines(middle), bytes: middle.length, cutRecords: 0, cutBytes: 0 }
    this.#entries.add({ at, stream, text: '', isPart: false, ...size })
    this.#printLines(stream, bytes.subarray(end), at)
  }

  #printLines(stream: Printed, bytes: Buffer, at: number): void {
    let begin = 0
    while (begin < bytes.length) {
      const farthest = Math.min(bytes.length, begin + LONGEST_TEXT_BYTES)
      const rest = begin === 0 ? bytes : bytes.subarray(begin) // a search backwards ends where the record begins
      const end = begin + rest.lastIndexOf(LINE_FEED, farthest - begin - 1)
      if (end >= begin) {
        const lines = bytes.indexOf(LINE_FEED, begin) === end ? 1 : countLines(bytes.subarray(begin, end + 1))
        this.#add(stream, bytes.toString('utf8', begin, end), at, lines, false)
        begin = end + 1
      } else if (farthest - begin < LONGEST_TEXT_BYTES) {
        this.#partial[stream] = Buffer.from(bytes.subarray(begin))
        return
      } else {
        const part = wholeCharacters(bytes, begin, farthest)
        this.#add(stream, bytes.toString('utf8', begin, part), at, 1, true)
        begin = part
      }
    }
  }

  #add(stream: Printed, text: string, at: number, lines: number, isPart: boolean): void {
    const open = this.#open
    if (open !== null && open.at === at && open.stream === stream && open.bytes + text.length < LONGEST_TEXT_BYTES) {
      open.text += `\n${text}`
      open.records += lines
      open.bytes += text.length + 1
    } else {
      this.#close()
      const bytes = RECORD_BYTES + text.length
      this.#open = { at, stream, text, isPart, records: lines, bytes, cutRecords: 0, cutBytes: 0 }
    }
    if (this.#open !== null) this.#open.isPart = isPart
    if (isPart) this.#close()
  }

  #close(): void {
    if (this.#open !== null) this.#entries.add(this.#open)
    this.#open = null
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) lines += 1
  return lines
}

/** Returns the end of the last character that is complete before `end`. */
function wholeCharacters(bytes: Buffer, begin: number, end: number): number {
  let at = end
  while (at > end - 4 && at > begin + 1 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1
  return ((bytes[at] ?? 0) & 0xc0) === 0x80 ? end : at
}

function piecesOf(entries: readonly Entry[]): readonly LogPiece[] {
  const pieces: LogPiece[] = []
  let text = ''
  let size = { records: 0, cutRecords: 0, cutBytes: 0 }
  const close = (): void => {
    if (text !== '') pieces.push({ text, bytes: Buffer.byteLength(text), ...size })
    text = ''
    size = { records: 0, cutRecords: 0, cutBytes: 0 }
  }
  for (const entry of entries) {
    if (entry.cutRecords > 0 || text.length >= PIECE_BYTES) close()
    text += lineOf(entry)
    size.records += entry.records
    size.cutRecords += entry.cutRecords
    size.cutBytes += entry.cutBytes
  }
  close()
  return pieces
}

function lineOf({ at, stream, text, isPart }: Entry): string {
  if (stream === 'log') return `${text}\n`
  return `{"at":${at},"stream":"${stream}","message":${JSON.stringify(text)}${isPart ? ',"isPart":true' : ''}}\n`
}
