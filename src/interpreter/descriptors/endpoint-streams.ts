/**
 * Endpoints as open files of Emscripten, so that a script's descriptor of one is a descriptor like any other: it can be
 * read, written, duplicated, polled and closed by whatever knows descriptors. Pipes are made here; Emscripten's own (seen
 * in Pyodide 314.0.7) have no end, no limit, and cannot wait.
 *
 * A read or write of C cannot suspend its stack. Where it would have to wait, it is interrupted (EINTR), as by a signal,
 * and Python is made to check: its handler asks `takeBlocked` what there is to wait for, suspends the stack, and when it
 * returns, C tries again. Created by `interpreter.ts`; can go when Emscripten's reads and writes can suspend.
 *
 * Proved by `python/tests/stdlib/test_pipes.py`.
 */

import type { PyodideAPI } from 'pyodide'
import {
  type EmscriptenFS,
  type FileNode,
  type FileStream,
  fileSystemOf,
  type StreamOperations,
} from './emscripten-fs.ts'
import { type Endpoint, READABLE, WRITABLE } from './endpoint.ts'
import { openPipe } from './pipe.ts'

export const S_IFIFO = 0o010000
export const S_IFSOCK = 0o140000
const OWN_MODE = 0o600
const O_RDONLY = 0
const O_WRONLY = 1
const O_NONBLOCK = 0o4000
const FIONBIO = 0x5421
const FIONREAD = 0x541b
const CLOSED = 32
const DEVICE = 14

/** What Emscripten's files have in common when they are not endpoints: they never make anyone wait. */
const ALWAYS_READY = READABLE | WRITABLE

/** An endpoint that is open: all its descriptors share one. */
interface Description {
  readonly number: number
  readonly endpoint: () => Endpoint | undefined
  readonly closed: () => void
  references: number
}

interface Blocked {
  readonly stream: FileStream
  readonly bits: number
  /** Which write it is, empty for a read. */
  readonly write: string
}

export interface EndpointOptions {
  readonly name: string
  readonly mode: number
  readonly flags: number
  /** The endpoint at the time of the call: a socket exchanges it when it is bound. */
  readonly endpoint: () => Endpoint | undefined
  /** Called when the last descriptor was closed; unless there is one, the endpoint is closed. */
  readonly closed?: () => void
  /** The owner's name for it, for `numberOf`. */
  readonly number?: number
}

/** What this needs of Pyodide's module. */
interface Module {
  readonly PIPEFS: { readonly root: FileNode; createPipe: () => { readable_fd: number; writable_fd: number } }
  /** The interpreter's memory. */
  readonly HEAP32: Int32Array
}

export class EndpointStreams {
  readonly #fs: EmscriptenFS
  readonly #module: Module
  readonly #requestCheck: () => void
  readonly #descriptions = new WeakMap<FileNode, Description>()
  /** How much of a write that goes on later was done. */
  readonly #written = new WeakMap<FileStream, Map<string, number>>()
  #blocked: Blocked | null = null

  /** `requestCheck` has Python check when C was interrupted. */
  constructor(pyodide: PyodideAPI, requestCheck: () => void) {
    this.#fs = fileSystemOf(pyodide)
    this.#module = (pyodide as unknown as { _module: Module })._module
    this.#requestCheck = requestCheck
    this.#module.PIPEFS.createPipe = () => this.#openPipe()
  }

  /** A descriptor for an endpoint. Throws EMFILE, with nothing done, where there is none left. */
  open({ name, mode, flags, endpoint, number = -1, closed = () => endpoint()?.close() }: EndpointOptions): number {
    const descriptor = this.#fs.nextfd()
    const node = this.#fs.createNode(this.#module.PIPEFS.root, name, mode | OWN_MODE, 0)
    this.#descriptions.set(node, { number, endpoint, closed, references: 1 })
    const stream = { path: name, node, flags, seekable: false, stream_ops: this.#operations }
    return this.#fs.createStream(stream, descriptor).fd
  }

  /** Whether there is a descriptor left. */
  get hasRoom(): boolean {
    try {
      return this.#fs.nextfd() >= 0
    } catch {
      return false
    }
  }

  #openPipe(): { readable_fd: number; writable_fd: number } {
    const [reader, writer] = openPipe()
    const open = (end: Endpoint, flags: number) =>
      this.open({ name: 'pipe', mode: S_IFIFO, flags, endpoint: () => end })
    const readable = open(reader, O_RDONLY)
    try {
      return { readable_fd: readable, writable_fd: open(writer, O_WRONLY) }
    } catch (error) {
      this.close(readable)
      throw error
    }
  }

  endpointOf(descriptor: number): Endpoint | undefined {
    const stream = this.#fs.getStream(descriptor)
    return stream ? this.#descriptions.get(stream.node)?.endpoint() : undefined
  }

  /** The owner's number of an endpoint; -1 for any other file. */
  numberOf(descriptor: number): number {
    const stream = this.#fs.getStream(descriptor)
    return (stream ? this.#descriptions.get(stream.node)?.number : undefined) ?? -1
  }

  /** A number that no other open file has; -1 when the descriptor is not open. */
  fileOf(descriptor: number): number {
    return this.#fs.getStream(descriptor)?.node.id ?? -1
  }

  /** What can be done with any descriptor without waiting: bits, as `poll` has them. */
  readiness(descriptor: number): number {
    const stream = this.#fs.getStream(descriptor)
    return stream ? (stream.stream_ops.poll?.(stream) ?? ALWAYS_READY) : CLOSED
  }

  /** The read or write that was interrupted just now, if one was: descriptor, bits, and the name of the write. */
  takeBlocked(): [number, number, string] | undefined {
    const blocked = this.#blocked
    this.#blocked = null
    return blocked === null ? undefined : [blocked.stream.fd, blocked.bits, blocked.write]
  }

  /** Forgets what will not go on: how far a write came, or that something is to be opened. */
  abandon(descriptor: number, write: string): void {
    const stream = this.#fs.getStream(descriptor)
    if (stream) this.#written.get(stream)?.delete(write)
    if (this.endpointOf(descriptor)?.isOpening) this.close(descriptor)
  }

  /** The error by which a call of C waits until a descriptor is ready, and is then made again. */
  interrupt(descriptor: number, bits: number): Error {
    const stream = this.#fs.getStream(descriptor)
    return stream ? this.#blockedError(stream, bits, '') : this.#error('EBADF')
  }

  close(descriptor: number): void {
    const stream = this.#fs.getStream(descriptor)
    if (stream) this.#fs.close(stream)
  }

  readonly #operations: StreamOperations = {
    getattr: (stream) => {
      const { id, mode } = stream.node
      const never = { getTime: () => 0 }
      const empty = { nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0, blksize: 4096, blocks: 0 }
      return { dev: DEVICE, ino: id, mode, ...empty, atime: never, mtime: never, ctime: never }
    },
    poll: (stream) => this.#endpoint(stream).readiness(),
    dup: (stream) => {
      this.#description(stream).references += 1
    },
    ioctl: (stream, request, argument) => {
      const word = argument >>> 2
      if (request === FIONREAD) this.#module.HEAP32[word] = this.#endpoint(stream).bufferedBytes
      else if (request !== FIONBIO) throw this.#error('EINVAL')
      else if (this.#module.HEAP32[word] === 0) stream.flags &= ~O_NONBLOCK
      else stream.flags |= O_NONBLOCK
      return 0
    },
    fsync: () => {
      throw this.#error('EINVAL')
    },
    read: (stream, buffer, offset, length) => {
      if (length === 0) return 0
      const bytes = this.#endpoint(stream).read(length, false)
      if (bytes === undefined) throw this.#blockedError(stream, READABLE, '')
      if (typeof bytes === 'string') throw this.#error(bytes)
      buffer.set(bytes, offset)
      return bytes.length
    },
    write: (stream, buffer, offset, length) => this.#write(stream, buffer, offset, length),
    close: (stream) => {
      const description = this.#description(stream)
      description.references -= 1
      if (description.references > 0) return
      this.#fs.destroyNode(stream.node)
      description.closed()
    },
  }

  /** A blocking write takes everything, in as many steps as there is room for. */
  #write(stream: FileStream, buffer: Int8Array | Uint8Array, offset: number, length: number): number {
    const key = `${offset}:${length}`
    const progress = this.#written.get(stream) ?? new Map<string, number>()
    const before = progress.get(key) ?? 0
    const start = buffer.byteOffset + offset
    const bytes = new Uint8Array(buffer.buffer, start + before, length - before).slice()
    const taken = this.#endpoint(stream).write(bytes)
    if (typeof taken === 'string' && before === 0) throw this.#error(taken)
    const written = before + (typeof taken === 'number' ? taken : 0)
    const isOver = written === length || typeof taken === 'string' || ((stream.flags & O_NONBLOCK) !== 0 && written > 0)
    if (isOver) {
      progress.delete(key)
      return written
    }
    progress.set(key, written)
    this.#written.set(stream, progress)
    throw this.#blockedError(stream, WRITABLE, key)
  }

  #blockedError(stream: FileStream, bits: number, write: string): Error {
    if ((stream.flags & O_NONBLOCK) !== 0) return this.#error('EAGAIN')
    this.#blocked = { stream, bits, write }
    this.#requestCheck()
    return this.#error('EINTR')
  }

  #description(stream: FileStream): Description {
    const description = this.#descriptions.get(stream.node)
    if (description === undefined) throw this.#error('EBADF')
    return description
  }

  #endpoint(stream: FileStream): Endpoint {
    const endpoint = this.#description(stream).endpoint()
    if (endpoint === undefined) throw this.#error('EBADF')
    return endpoint
  }

  #error(code: string): Error {
    const { NODEFS } = this.#fs.filesystems
    return new this.#fs.ErrnoError(NODEFS.convertNodeCode({ code }) ?? NODEFS.convertNodeCode({ code: 'EIO' }))
  }
}
