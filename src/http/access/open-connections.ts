/**
 * Keeps room for new connections. Otherwise a client with a thousand half-sent requests would exclude all others, even
 * probes of a supervisor.
 *
 * States of a connection and transitions:
 *   idle → sending      the head of a request is complete
 *   sending → answered  its body is complete
 *   any → idle          the client has read the answer
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../engine/clock-port.ts'

/** Number of connections of one address without the head of a request. For more, the oldest one is closed. */
const MAX_IDLE_OF_ADDRESS = 100
/** Number of connections in all. For more, the oldest one is closed that waits for its client. */
const MAX_OPEN = 900
/** For more, the oldest one is closed even if its head may be on its way. */
const MAX_CROWDED = 980
/** Maximum number of connections that Node accepts. Reached only while about 1,000 requests are being answered. */
const MAX_ACCEPTED = 1_000
/** Time for a head to arrive. A burst is not an attack: younger connections are closed only above `MAX_CROWDED`. */
const HEAD_WITHIN_MS = 1_000

type State = 'idle' | 'sending' | 'answered'

interface Open {
  readonly address: string
  state: State
  since: number
  /** The answer that is being sent, or was sent last. */
  response: ServerResponse | null
}

export class OpenConnections {
  readonly #open = new Map<Socket, Open>()
  /** By state, the oldest first. */
  readonly #byState: Readonly<Record<State, Set<Socket>>> = {
    idle: new Set(),
    sending: new Set(),
    answered: new Set(),
  }
  readonly #idleByAddress = new Map<string, Set<Socket>>()

  readonly #clock: Clock

  constructor(server: Server, clock: Clock) {
    this.#clock = clock
    server.maxConnections = MAX_ACCEPTED
    server.on('connection', (socket) => this.#opened(socket))
    server.on('request', (request, response) => this.#asked(request, response))
  }

  #opened(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    this.#open.set(socket, { address, state: 'idle', since: this.#clock.monotonic(), response: null })
    this.#enter(socket, 'idle', address)
    socket.once('close', () => this.#closed(socket))
    const ofAddress = this.#idleByAddress.get(address) ?? new Set()
    for (const oldest of ofAddress) {
      if (ofAddress.size <= MAX_IDLE_OF_ADDRESS || this.#mayBeOnItsWay(oldest)) break
      oldest.destroy()
      this.#closed(oldest)
    }
    if (this.#open.size > MAX_OPEN) this.#oldestWaiting(socket)?.destroy()
  }

  /** Returns whether the head of a request may still arrive. */
  #mayBeOnItsWay(socket: Socket): boolean {
    const { since = 0 } = this.#open.get(socket) ?? {}
    return this.#clock.monotonic() - since < HEAD_WITHIN_MS
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const open = this.#open.get(socket)
    if (open === undefined) return
    open.response = response
    this.#move(socket, request.complete ? 'answered' : 'sending')
    request.once('end', () => {
      if (open.state === 'sending') this.#move(socket, 'answered')
    })
    response.once('close', () => {
      if (open.response === response) this.#move(socket, 'idle')
    })
  }

  #move(socket: Socket, state: State): void {
    const open = this.#open.get(socket)
    if (open === undefined) return
    this.#leave(socket, open)
    open.state = state
    open.since = this.#clock.monotonic()
    this.#enter(socket, state, open.address)
  }

  #enter(socket: Socket, state: State, address: string): void {
    this.#byState[state].add(socket)
    if (state === 'idle') {
      this.#idleByAddress.set(address, (this.#idleByAddress.get(address) ?? new Set()).add(socket))
    }
  }

  #leave(socket: Socket, { state, address }: Open): void {
    this.#byState[state].delete(socket)
    if (state !== 'idle') return
    const ofAddress = this.#idleByAddress.get(address)
    ofAddress?.delete(socket)
    if (ofAddress?.size === 0) this.#idleByAddress.delete(address)
  }

  #closed(socket: Socket): void {
    const open = this.#open.get(socket)
    if (open !== undefined) this.#leave(socket, open)
    this.#open.delete(socket)
  }

  /** Order: connections without a head, then those with an incomplete body, then those with an unread answer. */
  #oldestWaiting(newest: Socket): Socket | undefined {
    const { idle, sending, answered } = this.#byState
    const [oldest] = idle
    if (oldest !== undefined && oldest !== newest && !this.#mayBeOnItsWay(oldest)) return oldest
    const [unsent] = sending
    const isUnread = (socket: Socket): boolean => this.#open.get(socket)?.response?.writableEnded === true
    const waiting = unsent ?? [...answered].find(isUnread)
    return waiting === undefined && oldest !== newest && this.#open.size > MAX_CROWDED ? oldest : waiting
  }
}
