/**
 * Makes `open` of a named pipe wait on the calling stack only. NODEFS (seen in Pyodide 314.0.7) blocks the process and
 * treats the pipe as a file to truncate. Called by `interpreter.ts`; can go when Emscripten opens pipes of the host.
 *
 * Proved by `python/tests/stdlib/test_named_pipes.py`.
 */

import { constants, lstatSync } from 'node:fs'
import type { EmscriptenFS, FileNode, FileStream } from '../descriptors/emscripten-fs.ts'
import { type Endpoint, READABLE } from '../descriptors/endpoint.ts'
import { type EndpointStreams, S_IFIFO } from '../descriptors/endpoint-streams.ts'
import { NamedPipe, NamedPipeOpening } from '../descriptors/named-pipe.ts'

const ACCESS_MODE = 3
const O_NONBLOCK = 0o4000

/** Error that leaves Emscripten's `open` when a node is a named pipe. */
class NamedPipeFound {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }
}

export function openNamedPipes(fs: EmscriptenFS, streams: EndpointStreams): void {
  const { NODEFS } = fs.filesystems
  const { createNode } = NODEFS
  const { mayOpen, open } = fs
  const named = new WeakSet<FileNode>()
  const openings = new OpenNamedPipes(fs, streams)

  NODEFS.createNode = (parent, name, mode, dev) => {
    const node = createNode(parent, name, mode, dev)
    if ((mode & constants.S_IFMT) === constants.S_IFIFO) named.add(node)
    return node
  }
  fs.mayOpen = (node, flags) => {
    if (named.has(node)) {
      const path = NODEFS.realPath(node)
      if (lstatSync(path, { throwIfNoEntry: false })?.isFIFO()) throw new NamedPipeFound(path)
    }
    return mayOpen(node, flags)
  }
  fs.open = (path, flags, mode) => {
    try {
      return open(path, flags, mode)
    } catch (error) {
      if (error instanceof NamedPipeFound) return openings.open(error.path, Number(flags))
      throw error
    }
  }
}

class OpenNamedPipes {
  readonly #fs: EmscriptenFS
  readonly #streams: EndpointStreams
  readonly #waiting = new Map<number, NamedPipeOpening>()

  constructor(fs: EmscriptenFS, streams: EndpointStreams) {
    this.#fs = fs
    this.#streams = streams
  }

  open(path: string, flags: number): FileStream {
    const access = flags & ACCESS_MODE
    try {
      const pipe = (flags & O_NONBLOCK) !== 0 ? NamedPipe.open(path, access) : this.#awaited(path, access)
      return this.#stream('named pipe', flags, pipe)
    } catch (error) {
      if (error instanceof this.#fs.ErrnoError) throw error
      throw new this.#fs.ErrnoError(this.#fs.filesystems.NODEFS.convertNodeCode(error))
    }
  }

  /** C calls again after the stack has waited. */
  #awaited(path: string, access: number): NamedPipe {
    for (const [descriptor, opening] of this.#waiting) {
      if (opening.path !== path || opening.access !== access || opening.readiness() === 0) continue
      return this.#taken(descriptor, opening) as NamedPipe
    }
    const opening = new NamedPipeOpening(path, access)
    const pipe = opening.take()
    if (pipe !== null) return pipe
    const { fd } = this.#stream('opening of a named pipe', access, opening, () => this.#waiting.delete(fd))
    this.#waiting.set(fd, opening)
    throw this.#streams.interrupt(fd, READABLE)
  }

  #taken(descriptor: number, opening: NamedPipeOpening): NamedPipe | null {
    try {
      return opening.take()
    } finally {
      this.#streams.close(descriptor)
    }
  }

  #stream(name: string, flags: number, endpoint: Endpoint, closed: () => void = () => undefined): FileStream {
    const close = () => {
      closed()
      endpoint.close()
    }
    const given = { name, mode: S_IFIFO, flags, endpoint: () => endpoint, closed: close }
    return this.#fs.getStream(this.#streams.open(given)) as FileStream
  }
}
