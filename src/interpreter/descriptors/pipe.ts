/**
 * Pipe between the stacks of one interpreter. Bytes written to one end are read from the other end in order, and each
 * end notices when the last descriptor of the other end is closed. Created by `endpoint-streams.ts` for `os.pipe`. When
 * a child process gets an end, the pipe becomes a pipe of the system, with the same ends and bytes.
 */

import { openSystemPipe } from '../../native/handed-files.ts'
import {
  type Address,
  BROKEN,
  Endpoint,
  HUNG_UP,
  type LentDescriptor,
  READABLE,
  type ReadResult,
  WRITABLE,
} from './endpoint.ts'
import { SystemPipeReader, SystemPipeWriter } from './system-pipe-ends.ts'

const CAPACITY_BYTES = 64 * 1024
/** PIPE_BUF: up to this size, a write happens in one piece or not yet. */
const ATOMIC_BYTES = 4096

const NOTHING = new Uint8Array(0)

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

  /** Returns a descriptor of the process for a child, and makes the pipe one of the system. */
  abstract override lend(): LentDescriptor

  protected get isAlone(): boolean {
    return this.other === null || this.other.isClosed
  }
}

class PipeReader extends PipeEnd {
  #system: SystemPipeReader | null = null

  override get bufferedBytes(): number {
    return this.#system?.bufferedBytes ?? this.bytes.length
  }

  override readiness(): number {
    if (this.#system !== null) {
      return (this.#system.bufferedBytes > 0 ? READABLE : 0) | (this.#system.isEnded ? HUNG_UP : 0)
    }
    return (this.bytes.length > 0 ? READABLE : 0) | (this.isAlone ? HUNG_UP : 0)
  }

  connect(other: PipeWriter): void {
    this.other = other
  }

  override read(size: number, isPeek: boolean): ReadResult {
    if (this.#system !== null) return this.#system.read(size, isPeek)
    if (this.bytes.length === 0) return this.isAlone ? NOTHING : undefined
    const taken = this.bytes.take(size, isPeek)
    if (!isPeek) this.other?.changed()
    return taken
  }

  override lend(): LentDescriptor {
    if (this.#system === null) moveToSystem(this, this.other as PipeWriter, this.bytes)
    return (this.#system as SystemPipeReader | null)?.lend() ?? { descriptor: -1, isOurs: false }
  }

  /** Makes it read a descriptor of the process. */
  useSystem(descriptor: number): void {
    this.#system = new SystemPipeReader(descriptor, () => this.changed())
    if (this.isClosed) this.#system.close()
  }

  protected override release(): void {
    if (this.#system === null) this.other?.changed()
    else this.#system.close()
  }
}

class PipeWriter extends PipeEnd {
  #system: SystemPipeWriter | null = null

  override readiness(): number {
    if (this.#system !== null) {
      return (this.#system.isWritable ? WRITABLE : 0) | (this.#system.isBroken ? BROKEN : 0)
    }
    return (this.bytes.room >= ATOMIC_BYTES ? WRITABLE : 0) | (this.isAlone ? BROKEN : 0)
  }

  connect(other: PipeReader): void {
    this.other = other
  }

  override write(bytes: Uint8Array): number | string | undefined {
    if (this.#system !== null) return this.#system.write(bytes)
    if (this.isAlone) return 'EPIPE'
    const { room } = this.bytes
    if (room === 0 || (bytes.length <= ATOMIC_BYTES && room < bytes.length)) return undefined
    const taken = bytes.subarray(0, room)
    this.bytes.add(taken)
    this.other?.changed()
    return taken.length
  }

  override lend(): LentDescriptor {
    if (this.#system === null) moveToSystem(this.other as PipeReader, this, this.bytes)
    return (this.#system as SystemPipeWriter | null)?.lend() ?? { descriptor: -1, isOurs: false }
  }

  /** Makes it write to a descriptor of the process, starting with the unread bytes. */
  useSystem(descriptor: number, unread: Uint8Array): void {
    this.#system = new SystemPipeWriter(descriptor, () => this.changed())
    this.#system.begin(unread)
    if (this.isClosed) this.#system.close()
  }

  protected override release(): void {
    if (this.#system === null) this.other?.changed()
    else this.#system.close()
  }
}

function moveToSystem(reader: PipeReader, writer: PipeWriter, bytes: Bytes): void {
  const [readingEnd, writingEnd] = openSystemPipe()
  reader.useSystem(readingEnd)
  writer.useSystem(writingEnd, bytes.take(CAPACITY_BYTES, false))
  for (const end of [reader, writer]) end.changed()
}

export function systemPipeEnd(descriptor: number, end: 'reader' | 'writer'): Endpoint {
  if (end === 'reader') {
    const reader = new PipeReader(new Bytes())
    reader.useSystem(descriptor)
    return reader
  }
  const writer = new PipeWriter(new Bytes())
  writer.useSystem(descriptor, NOTHING)
  return writer
}

/** Returns the two ends of a new pipe: reader, then writer. */
export function openPipe(): [Endpoint, Endpoint] {
  const bytes = new Bytes()
  const reader = new PipeReader(bytes)
  const writer = new PipeWriter(bytes)
  reader.connect(writer)
  writer.connect(reader)
  return [reader, writer]
}
