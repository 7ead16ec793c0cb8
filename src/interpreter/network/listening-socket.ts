/**
 * A listening stream socket of a script. Node binds and listens in one step, so a socket that is bound takes
 * connections already; a script sees them once it calls `accept`.
 */

import { randomBytes } from 'node:crypto'
import { linkSync, unlinkSync } from 'node:fs'
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { type Address, Endpoint, errorName, HUNG_UP, READABLE, WRITABLE } from '../descriptors/endpoint.ts'
import { StreamEndpoint, socketAddress } from './stream-socket.ts'

/** Maximum length of a Unix socket's path. */
const LONGEST_PATH_BYTES = 107

export class ListeningEndpoint extends Endpoint {
  readonly path: string | undefined
  readonly #server: Server
  readonly #arrived: (Socket | StreamEndpoint)[] = []
  #state: 'binding' | 'bound' | 'failed' = 'binding'
  #error: string | undefined
  #isListening = false

  constructor(options: ListenOptions) {
    super()
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.#arrived.push(socket)
      this.changed()
    })
    this.#server.on('error', (error) => {
      this.#state = 'failed'
      this.#error = errorName(error)
      this.changed()
    })
    const { path } = options
    this.path = path
    const ancillary = path === undefined ? undefined : ancillaryName(path)
    this.#server.listen({ ...options, ...(ancillary !== undefined && { path: ancillary }), exclusive: true }, () => {
      this.#state = 'bound'
      if (path !== undefined && ancillary !== undefined) this.#moveTo(path, ancillary)
      this.changed()
    })
  }

  /** Gives the socket's file another name, because Node deletes it on closing, which a system does not. */
  #moveTo(path: string, ancillary: string): void {
    try {
      linkSync(ancillary, path)
    } catch (error) {
      this.#state = 'failed'
      this.#error = errorName(error) === 'EEXIST' ? 'EADDRINUSE' : errorName(error)
    }
    unlinkSync(ancillary)
  }

  get isBinding(): boolean {
    return this.#state === 'binding'
  }

  get error(): string | undefined {
    return this.#error
  }

  listen(): void {
    this.#isListening = true
    this.changed()
  }

  arrive(connection: StreamEndpoint): void {
    this.#arrived.push(connection)
    this.changed()
  }

  get isListening(): boolean {
    return this.#isListening
  }

  accept(): StreamEndpoint | undefined {
    const socket = this.#arrived.shift()
    if (socket === undefined || socket instanceof StreamEndpoint) return socket
    return StreamEndpoint.over(
      socket,
      socketAddress(socket.localAddress, socket.localPort) ?? this.localAddress(),
      socketAddress(socket.remoteAddress, socket.remotePort) ?? [''],
    )
  }

  override readiness(): number {
    if (this.#state === 'binding') return 0
    // Linux reports these events, too. They also wake stacks that wait for the end of the binding.
    if (!this.#isListening) return WRITABLE | HUNG_UP
    return this.#isListening && this.#arrived.length > 0 ? READABLE : 0
  }

  override localAddress(): Address | undefined {
    const address = this.#server.address()
    if (address === null) return undefined
    return typeof address === 'string' ? [address] : [address.address, address.port]
  }

  override peerAddress(): undefined {
    return undefined
  }

  protected override release(): void {
    this.#server.close()
    for (const connection of this.#arrived) {
      if (connection instanceof StreamEndpoint) connection.reset()
      else connection.destroy()
    }
  }
}

/** Whether an address is a socket's of the same interpreter that is bound and does not listen: Node's would answer. */
export function isOnlyBound(endpoints: Iterable<Endpoint>, host: string, port: number): boolean {
  for (const endpoint of endpoints) {
    if (!(endpoint instanceof ListeningEndpoint) || endpoint.isListening) continue
    const [address, bound] = endpoint.localAddress() ?? []
    if (bound === port && (host === address || host.startsWith('127.') || host === '::1')) return true
  }
  return false
}

/** Returns an unused name next to a path; undefined if the path is not a file's or is too long. */
function ancillaryName(path: string): string | undefined {
  if (path.startsWith('\0')) return undefined
  const name = join(dirname(path), `.${randomBytes(6).toString('hex')}`)
  return Buffer.byteLength(name) > LONGEST_PATH_BYTES ? undefined : name
}
