/** Sockets of one interpreter by number, open and closing. Owned by `sockets.ts`. A number is never used again. */

import type { Endpoint } from '../descriptors/endpoint.ts'
import { StreamEndpoint } from './stream-socket.ts'

export class SocketEndpoints {
  readonly #open = new Map<number, Endpoint>()
  /** Closed sockets with bytes that have not been sent yet. */
  readonly #closing = new Set<StreamEndpoint>()
  /** Numbers of sockets that are closed without sending the remaining bytes. */
  readonly #resetting = new Set<number>()
  #lastNumber = 0

  get(number: number): Endpoint | undefined {
    return this.#open.get(number)
  }

  all(): Iterable<Endpoint> {
    return this.#open.values()
  }

  /** Returns the number of the new socket. */
  add(endpoint: Endpoint): number {
    this.#open.set(++this.#lastNumber, endpoint)
    return this.#lastNumber
  }

  /** Gives the number of a socket to another endpoint. */
  set(number: number, endpoint: Endpoint): void {
    this.#open.set(number, endpoint)
  }

  stream(number: number): StreamEndpoint {
    const endpoint = this.#open.get(number)
    if (endpoint instanceof StreamEndpoint) return endpoint
    throw new Error(`Socket ${number} is not a stream socket.`) // Uncoded: a defect in `python/cloaca/_adapt`
  }

  /** Sets whether the peer is notified, when the socket is closed, that the remaining bytes will not be sent. */
  setResetting(number: number, isOn: boolean): void {
    if (isOn) this.#resetting.add(number)
    else this.#resetting.delete(number)
  }

  close(number: number, isReset = this.#resetting.has(number)): void {
    const endpoint = this.#open.get(number)
    this.#open.delete(number)
    this.#resetting.delete(number)
    if (endpoint instanceof StreamEndpoint && isReset) endpoint.reset()
    else endpoint?.close()
    if (endpoint instanceof StreamEndpoint && endpoint.unsentBytes > 0) this.#closing.add(endpoint)
  }

  /** Number of bytes that were written to all sockets, and have not been sent yet. */
  unsentBytes(): number {
    for (const endpoint of this.#closing) if (endpoint.unsentBytes === 0) this.#closing.delete(endpoint)
    const open = [...this.#open.values()].filter((endpoint) => endpoint instanceof StreamEndpoint)
    return [...open, ...this.#closing].reduce((sum, endpoint) => sum + endpoint.unsentBytes, 0)
  }
}
