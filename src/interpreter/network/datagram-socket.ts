/** A datagram socket (UDP) of a script. Received datagrams are queued up to a limit, as in a system's buffer. */

import { createSocket, type Socket } from 'node:dgram'
import {
  type Address,
  BROKEN,
  Endpoint,
  errorName,
  plainBytes,
  READABLE,
  type ReadResult,
  WRITABLE,
} from '../descriptors/endpoint.ts'

const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024

export const DATAGRAM_OPTIONS = [
  'setBroadcast',
  'setTTL',
  'setMulticastTTL',
  'setMulticastLoopback',
  'setMulticastInterface',
  'addMembership',
  'dropMembership',
] as const
export type DatagramOption = (typeof DATAGRAM_OPTIONS)[number]

export function isDatagramOption(name: string): name is DatagramOption {
  return (DATAGRAM_OPTIONS as readonly string[]).includes(name)
}

export interface DatagramOptions {
  readonly reuseAddr?: boolean
  readonly reusePort?: boolean
  readonly ipv6Only?: boolean
}

export interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Address
}

export class DatagramEndpoint extends Endpoint {
  readonly #isIPv6: boolean
  /** Created on first use, because some options can be set only then. */
  #socket: Socket | null = null
  readonly #queue: Datagram[] = []
  #queuedBytes = 0
  /** Number of datagrams that Node has not sent yet. It sends them even if the socket is closed. */
  #unsent = 0
  #isSettled = true
  #isBound = false
  #isListening = false
  readonly #pendingOptions: ((socket: Socket) => void)[] = []
  #error: string | null = null
  #peer: Address | undefined

  constructor(isIPv6: boolean) {
    super()
    this.#isIPv6 = isIPv6
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  get isBound(): boolean {
    return this.#isBound
  }

  bind(host: string, port: number, options: DatagramOptions): void {
    this.#isBound = true
    this.#isSettled = false
    this.#open(options).bind({ address: host, port, exclusive: true }, this.#settled)
  }

  connect(host: string, port: number): void {
    this.#isBound = true
    this.#isSettled = false
    this.#peer = [host, port]
    this.#open().connect(port, host, this.#settled)
  }

  send(bytes: Uint8Array, host?: string, port?: number): void {
    this.#isBound = true
    this.#unsent += 1
    const sent = (error: Error | null) => {
      this.#unsent -= 1
      if (this.isClosed && this.#unsent === 0) this.#socket?.close()
      if (error === null) return
      this.#error = errorName(error)
      this.changed()
    }
    const socket = this.#open()
    if (host === undefined || port === undefined) socket.send(bytes, sent)
    else socket.send(bytes, port, host, sent)
  }

  receive(isPeek: boolean): Datagram | undefined {
    const datagram = isPeek ? this.#queue[0] : this.#queue.shift()
    if (datagram !== undefined && !isPeek) this.#queuedBytes -= datagram.bytes.length
    return datagram
  }

  takeError(): string | undefined {
    const error = this.#error
    this.#error = null
    return error ?? undefined
  }

  /** Sets an option now, or when the socket gets its port. Returns the name of an error, or undefined. */
  configure(apply: (socket: Socket) => void): string | undefined {
    if (!this.#isListening || this.#socket === null) {
      this.#pendingOptions.push(apply)
      return undefined
    }
    try {
      apply(this.#socket)
      return undefined
    } catch (error) {
      return errorName(error)
    }
  }

  override readiness(): number {
    if (!this.#isSettled) return 0
    const received = this.#queue.length > 0 ? READABLE : 0
    return received | WRITABLE | (this.#error === null ? 0 : BROKEN | READABLE)
  }

  override read(size: number, isPeek: boolean): ReadResult {
    return this.receive(isPeek)?.bytes.subarray(0, size) ?? this.takeError()
  }

  override write(bytes: Uint8Array): number | string | undefined {
    if (this.#peer === undefined) return 'EDESTADDRREQ'
    const error = this.takeError()
    if (error !== undefined) return error
    this.send(bytes)
    return bytes.length
  }

  override localAddress(): Address | undefined {
    if (!this.#isListening || !this.#isSettled || this.#socket === null) return undefined
    const { address, port } = this.#socket.address()
    return [address, port]
  }

  override peerAddress(): Address | undefined {
    return this.#peer
  }

  protected override release(): void {
    if (this.#unsent === 0) this.#socket?.close()
  }

  readonly #settled = () => {
    this.#isSettled = true
    this.changed()
  }

  #open(options: DatagramOptions = {}): Socket {
    if (this.#socket !== null) return this.#socket
    const socket = createSocket({ type: this.#isIPv6 ? 'udp6' : 'udp4', ...options })
    this.#socket = socket
    socket.once('listening', () => {
      this.#isListening = true
      for (const apply of this.#pendingOptions) this.#error ??= this.configure(apply) ?? null
    })
    socket.on('message', (bytes, { address, port }) =>
      this.#arrived({ bytes: plainBytes(bytes), from: [address, port] }),
    )
    socket.on('error', (error) => {
      this.#error = errorName(error)
      this.#isSettled = true
      this.changed()
    })
    return socket
  }

  #arrived(datagram: Datagram): void {
    if (this.#queuedBytes + datagram.bytes.length > QUEUE_LIMIT_BYTES) return
    this.#queuedBytes += datagram.bytes.length
    this.#queue.push(datagram)
    this.changed()
  }
}
