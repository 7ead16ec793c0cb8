/**
 * A pipe between the stacks of one interpreter: what is written to one end can be read from the other, in order, and each
 * end notices when nobody has the other one open any more. Made by `endpoint-streams.ts` for `os.pipe`.
 */

import { type Address, BROKEN, Endpoint, HUNG_UP, READABLE, type ReadResult, WRITABLE } from './endpoint.ts'

const CAPACITY_BYTES = 64 * 1024
/** PIPE_BUF: so much is written in one piece, or not yet. */
const ATOMIC_BYTES = 4096

const NOTHING = new Uint8Array(0)

/** A ring of bytes. */
class Bytes {
  readonly #ring = new Uint8Array(CAPACITY_BYTES)
  #first = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  get room(): number {
    return CAPACITY_BYTES - this.#length
  }

  add(bytes: Uint8Array): void {
    const end = (this.#first + this.#length) % CAPACITY_BYTES
    const fitting = Math.min(bytes.length, CAPACITY_BYTES - end)
    this.#ring.set(bytes.subarray(0, fitting), end)
    this.#ring.set(bytes.subarray(fitting), 0)
    this.#length += bytes.length
  }

  take(size: number, isPeek: boolean): Uint8Array {
    const taken = new Uint8Array(Math.min(size, this.#length))
    const fitting = Math.min(taken.length, CAPACITY_BYTES - this.#first)
    taken.set(this.#ring.subarray(this.#first, this.#first + fitting))
    taken.set(this.#ring.subarray(0, taken.length - fitting), fitting)
    if (!isPeek) {
      this.#first = (this.#first + taken.length) % CAPACITY_BYTES
      this.#length -= taken.length
    }
    return taken
  }
}

abstract class PipeEnd extends Endpoint {
  protected readonly bytes: Bytes
  protected other: PipeEnd | null = null

  constructor(bytes: Bytes) {
    super()
    this.bytes = bytes
  }

  override localAddress(): Address | undefined {
    return undefined
  }

  override peerAddress(): Address | undefined {
    return undefined
  }

  protected override release(): void {
    this.other?.changed()
  }

  protected get isAlone(): boolean {
    return this.other === null || this.other.isClosed
  }
}

class PipeReader extends PipeEnd {
  override get bufferedBytes(): number {
    return this.bytes.length
  }

  override readiness(): number {
    return (this.bytes.length > 0 ? READABLE : 0) | (this.isAlone ? HUNG_UP : 0)
  }

  connect(other: PipeWriter): void {
    this.other = other
  }

  override read(size: number, isPeek: boolean): ReadResult {
    if (this.bytes.length === 0) return this.isAlone ? NOTHING : undefined
    const taken = this.bytes.take(size, isPeek)
    if (!isPeek) this.other?.changed()
    return taken
  }
}

class PipeWriter extends PipeEnd {
  override readiness(): number {
    return (this.bytes.room >= ATOMIC_BYTES ? WRITABLE : 0) | (this.isAlone ? BROKEN : 0)
  }

  connect(other: PipeReader): void {
    this.other = other
  }

  override write(bytes: Uint8Array): number | string | undefined {
    if (this.isAlone) return 'EPIPE'
    const { room } = this.bytes
    if (room === 0 || (bytes.length <= ATOMIC_BYTES && room < bytes.length)) return undefined
    const taken = bytes.subarray(0, room)
    this.bytes.add(taken)
    this.other?.changed()
    return taken.length
  }
}

/** The two ends of a new pipe: where it is read, and where it is written. */
export function openPipe(): [Endpoint, Endpoint] {
  const bytes = new Bytes()
  const reader = new PipeReader(bytes)
  const writer = new PipeWriter(bytes)
  reader.connect(writer)
  writer.connect(reader)
  return [reader, writer]
}
