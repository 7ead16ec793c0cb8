/**
 * A datagram socket (UDP) of a script. Datagrams that arrive wait in a queue of limited size, as in a system's buffer.
 */

import { createSocket, type Socket } from 'node:dgram'
import { type Address, BROKEN, Endpoint, errorName, plainBytes, READABLE, WRITABLE } from './socket-endpoint.ts'

const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024

interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Address
}

export class DatagramEndpoint extends Endpoint {
  readonly #socket: Socket
  readonly #queue: Datagram[] = []
  #queuedBytes = 0
  /** Datagrams that Node has not sent yet: a socket that is closed sends them all the same. */
  #unsent = 0
  #isSettled = true
  #isBound = false
  #error: string | null = null
  #peer: Address | undefined

  constructor(isIPv6: boolean, isAddressReused: boolean) {
    super()
    this.#socket = createSocket({ type: isIPv6 ? 'udp6' : 'udp4', reuseAddr: isAddressReused })
    this.#socket.on('message', (bytes, { address, port }) =>
      this.#arrived({ bytes: plainBytes(bytes), from: [address, port] }),
    )
    this.#socket.on('error', (error) => {
      this.#error = errorName(error)
      this.#isSettled = true
      this.changed()
    })
  }

  /** Whether a bind or connect that was begun is over. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  get isBound(): boolean {
    return this.#isBound
  }

  bind(host: string, port: number): void {
    this.#isBound = true
    this.#isSettled = false
    this.#socket.bind({ address: host, port, exclusive: true }, this.#settled)
  }

  connect(host: string, port: number): void {
    this.#isBound = true
    this.#isSettled = false
    this.#peer = [host, port]
    this.#socket.connect(port, host, this.#settled)
  }

  send(bytes: Uint8Array, host?: string, port?: number): void {
    this.#isBound = true
    this.#unsent += 1
    const sent = (error: Error | null) => {
      this.#unsent -= 1
      if (this.isClosed && this.#unsent === 0) this.#socket.close()
      if (error === null) return
      this.#error = errorName(error)
      this.changed()
    }
    if (host === undefined || port === undefined) this.#socket.send(bytes, sent)
    else this.#socket.send(bytes, port, host, sent)
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

  setBroadcast(isOn: boolean): void {
    this.#socket.setBroadcast(isOn)
  }

  addMembership(group: string): void {
    this.#socket.addMembership(group)
  }

  override readiness(): number {
    if (!this.#isSettled) return 0
    const received = this.#queue.length > 0 ? READABLE : 0
    return received | WRITABLE | (this.#error === null ? 0 : BROKEN | READABLE)
  }

  override localAddress(): Address | undefined {
    if (!this.#isBound || !this.#isSettled) return undefined
    const { address, port } = this.#socket.address()
    return [address, port]
  }

  override peerAddress(): Address | undefined {
    return this.#peer
  }

  protected override release(): void {
    if (this.#unsent === 0) this.#socket.close()
  }

  readonly #settled = () => {
    this.#isSettled = true
    this.changed()
  }

  #arrived(datagram: Datagram): void {
    if (this.#queuedBytes + datagram.bytes.length > QUEUE_LIMIT_BYTES) return
    this.#queuedBytes += datagram.bytes.length
    this.#queue.push(datagram)
    this.changed()
  }
}
