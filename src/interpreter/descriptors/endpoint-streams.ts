/**
 * Endpoints as open files of Emscripten, so that a script's descriptor of an endpoint can be read, written, duplicated,
 * polled and closed like any other descriptor. Pipes are also created here, because Emscripten's own pipes (seen in
 * Pyodide 314.0.7) have no end of file and no limit, and cannot wait.
 *
 * A read or write of C cannot suspend its stack. If it would have to wait, it is interrupted (EINTR), as by a signal,
 * and Python is made to check. Python's handler asks `takeBlocked` for the descriptor and suspends the stack. When the
 * handler returns, C tries again. Created by `interpreter.ts`. Can be deleted when reads and writes of Emscripten can
 * suspend.
 *
 * Proved by `python/tests/stdlib/test_pipes.py`.
 */

import type { PyodideAPI } from 'pyodide'
import {
  type EmscriptenFS,
  emscriptenFileSystem,
  type FileNode,
  type FileStream,
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

/** Readiness of files that are not endpoints: always ready. */
const ALWAYS_READY = READABLE | WRITABLE

interface Description {
  readonly number: number
  readonly endpoint: () => Endpoint | undefined
  readonly closed: () => void
  references: number
}

interface Blocked {
  readonly stream: FileStream
  readonly bits: number
  /** Name of the write; empty for a read. */
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
  readonly number?: number
}

interface Module {
  readonly PIPEFS: { readonly root: FileNode; createPipe: () => { readable_fd: number; writable_fd: number } }
  readonly HEAP32: Int32Array
}

export class EndpointStreams {
  readonly #fs: EmscriptenFS
  readonly #module: Module
  readonly #requestCheck: () => void
  readonly #descriptions = new WeakMap<FileNode, Description>()
  readonly #written = new WeakMap<FileStream, Map<string, number>>()
  #blocked: Blocked | null = null

  /** `requestCheck` makes Python check after an interrupted call of C. */
  constructor(pyodide: PyodideAPI, requestCheck: () => void) {
    this.#fs = emscriptenFileSystem(pyodide)
    this.#module = (pyodide as unknown as { _module: Module })._module
    this.#requestCheck = requestCheck
    this.#module.PIPEFS.createPipe = () => this.#openPipe()
  }

  /** Opens a descriptor for an endpoint. Throws EMFILE without any effect if none is left. */
  open({ name, mode, flags, endpoint, number = -1, closed = () => endpoint()?.close() }: EndpointOptions): number {
    const descriptor = this.#fs.nextfd()
    const node = this.#fs.createNode(this.#module.PIPEFS.root, name, mode | OWN_MODE, 0)
    this.#descriptions.set(node, { number, endpoint, closed, references: 1 })
    const stream = { path: name, node, flags, seekable: false, stream_ops: this.#operations }
    return this.#fs.createStream(stream, descriptor).fd
  }

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

  /** Returns the owner's number of an endpoint; -1 for any other file. */
  numberOf(descriptor: number): number {
    const stream = this.#fs.getStream(descriptor)
    return (stream ? this.#descriptions.get(stream.node)?.number : undefined) ?? -1
  }

  /** Returns a number that no other open file has; -1 if the descriptor is not open. */
  fileOf(descriptor: number): number {
    return this.#fs.getStream(descriptor)?.node.id ?? -1
  }

  /** Returns the operations that a descriptor allows without waiting, as bits of `poll`. */
  readiness(descriptor: number): number {
    const stream = this.#fs.getStream(descriptor)
    return stream ? (stream.stream_ops.poll?.(stream) ?? ALWAYS_READY) : CLOSED
  }

  /** Returns the read or write that was just interrupted, if any: descriptor, bits, and the name of the write. */
  takeBlocked(): [number, number, string] | undefined {
    const blocked = this.#blocked
    this.#blocked = null
    return blocked === null ? undefined : [blocked.stream.fd, blocked.bits, blocked.write]
  }

  /** Forgets the progress of a write, or a waiting open. */
  abandon(descriptor: number, write: string): void {
    const stream = this.#fs.getStream(descriptor)
    if (stream) this.#written.get(stream)?.delete(write)
    if (this.endpointOf(descriptor)?.isOpening) this.close(descriptor)
  }

  /** Returns the error that makes C's call wait until a descriptor is ready, and then repeats it. */
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

  /** Writes everything, in as many steps as the free room requires. */
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
