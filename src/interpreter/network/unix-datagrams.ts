/**
 * Datagram sockets with paths (AF_UNIX) between the scripts of one interpreter. Node has none, so writing to a path of
 * another process is refused. Owned by `sockets.ts`.
 */

import { existsSync } from 'node:fs'
import {
  type Address,
  BROKEN,
  Endpoint,
  HUNG_UP,
  READABLE,
  type ReadResult,
  WRITABLE,
} from '../descriptors/endpoint.ts'
import type { Datagram } from './datagram-socket.ts'
import { ListeningEndpoint } from './listening-socket.ts'

/** Maximum length of a queue before a sender must wait, as in a system. */
const LONGEST_QUEUE = 11
const UNNAMED: Address = ['']

export type LocalAddresses = Map<string, LocalDatagramEndpoint>

export class LocalDatagramEndpoint extends Endpoint {
  readonly #addresses: LocalAddresses
  readonly #queue: Datagram[] = []
  #path: string | null = null
  #name = ''
  #error: string | null = null
  #peer: LocalDatagramEndpoint | null = null
  #isSettled = true

  constructor(addresses: LocalAddresses) {
    super()
    this.#addresses = addresses
  }

  static pair(addresses: LocalAddresses): [LocalDatagramEndpoint, LocalDatagramEndpoint] {
    const [left, right] = [new LocalDatagramEndpoint(addresses), new LocalDatagramEndpoint(addresses)]
    left.#peer = right
    right.#peer = left
    return [left, right]
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Binds to a path under the script's own name. A listening socket creates its file and is closed immediately. */
  bindPath(path: string, name: string): void {
    this.#isSettled = false
    this.#name = name
    const maker = new ListeningEndpoint({ path })
    const made = () => {
      if (maker.isBinding) return
      maker.unwatch(made)
      this.#error = maker.error ?? null
      if (this.#error === null) {
        this.#path = path
        this.#addresses.set(path, this)
      }
      maker.close()
      this.#isSettled = true
      this.changed()
    }
    maker.watch(made)
  }

  connectPath(path: string): void {
    const target = this.#find(path)
    if (typeof target === 'string') this.#error = target
    else this.#peer = target
  }

  receive(isPeek: boolean): Datagram | undefined {
    const datagram = isPeek ? this.#queue[0] : this.#queue.shift()
    if (datagram !== undefined && !isPeek) this.#announce()
    return datagram
  }

  takeError(): string | undefined {
    const error = this.#error
    this.#error = null
    return error ?? undefined
  }

  /** Returns the name of an error; `EAGAIN` if the receiver's queue is full. */
  send(bytes: Uint8Array, path?: string): string | undefined {
    const target = path === undefined ? (this.#peer ?? 'ENOTCONN') : this.#find(path)
    if (typeof target === 'string') return target
    if (target.isClosed) return 'ECONNREFUSED'
    if (target.#queue.length >= LONGEST_QUEUE) return 'EAGAIN'
    target.#queue.push({ bytes, from: [this.#name] })
    target.changed()
    return undefined
  }

  override read(size: number, isPeek: boolean): ReadResult {
    return this.receive(isPeek)?.bytes.subarray(0, size)
  }

  override write(bytes: Uint8Array): number | string | undefined {
    const error = this.send(bytes)
    if (error === undefined) return bytes.length
    return error === 'EAGAIN' ? undefined : error
  }

  override readiness(): number {
    if (!this.#isSettled) return 0
    const received = this.#queue.length > 0 ? READABLE : 0
    const hasRoom = this.#peer === null || this.#peer.isClosed || this.#peer.#queue.length < LONGEST_QUEUE
    const isLost = this.#peer?.isClosed === true
    return received | (hasRoom ? WRITABLE : 0) | (this.#error === null ? 0 : BROKEN) | (isLost ? HUNG_UP : 0)
  }

  override localAddress(): Address | undefined {
    return this.#path === null ? undefined : [this.#name]
  }

  override peerAddress(): Address | undefined {
    return this.#peer === null ? undefined : (this.#peer.localAddress() ?? UNNAMED)
  }

  protected override release(): void {
    if (this.#path !== null) this.#addresses.delete(this.#path)
    this.#announce()
  }

  #announce(): void {
    for (const sender of this.#addresses.values()) if (sender.#peer === this) sender.changed()
    const peer = this.#peer
    if (peer !== null && peer.#peer === this) peer.changed()
  }

  #find(path: string): LocalDatagramEndpoint | string {
    return this.#addresses.get(path) ?? (path.startsWith('\0') || existsSync(path) ? 'ECONNREFUSED' : 'ENOENT')
  }
}
