/**
 * Collects the parts of a line that an interpreter sends to the engine. Whole lines are passed on immediately, so that
 * none is lost if the process crashes. Used by `script-output.ts`.
 */

type CallNumber = number
type Descriptor = 1 | 2

const LINE_FEED = 10
const MAX_HELD_BYTES = 16_384
const HELD_FOR_MS = 200

export type PartSender = (call: CallNumber, descriptor: Descriptor, bytes: Uint8Array) => void

export class UnsentLine {
  readonly #send: PartSender
  #call: CallNumber = 0
  #descriptor: Descriptor = 1
  #parts: Buffer[] = []
  #size = 0
  #timer: NodeJS.Timeout | null = null

  constructor(send: PartSender) {
    this.#send = send
  }

  /** Takes bytes, whose memory may change afterwards. */
  add(call: CallNumber, descriptor: Descriptor, bytes: Uint8Array): void {
    if (call !== this.#call || descriptor !== this.#descriptor) this.flush()
    if (bytes.length === 0) return
    this.#call = call
    this.#descriptor = descriptor
    this.#parts.push(Buffer.from(bytes))
    this.#size += bytes.length
    if (bytes.includes(LINE_FEED) || this.#size > MAX_HELD_BYTES) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), HELD_FOR_MS).unref()
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#size === 0) return
    const bytes = Buffer.concat(this.#parts, this.#size)
    this.#parts = []
    this.#size = 0
    this.#send(this.#call, this.#descriptor, bytes)
  }
}
