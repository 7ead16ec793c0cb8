/**
 * The TLS handshakes of scripts' sockets, by descriptor: their state, and what Python is told or asked meanwhile. Node
 * makes them (`tls-sessions.ts`); `Sockets` passes Python's calls on.
 */

import type { TLSSocket } from 'node:tls'
import type { StreamEndpoint } from './stream-socket.ts'
import { type ContextAnswer, describeSession, describeTlsError, sessionOf, TlsSessions } from './tls.ts'

interface Handshake {
  readonly endpoint: StreamEndpoint
  state: 'pending' | 'asked' | 'done' | 'failed' | 'ending'
  /** JSON: the session, or the error; while it is asked, the name that the client gave the server. */
  report: string
  answer: ContextAnswer | null
  secured: TLSSocket | null
}

export class TlsHandshakes {
  readonly #sessions = new TlsSessions()
  readonly #handshakes = new Map<number, Handshake>()

  context(settingsJson: string): number | string {
    return this.#sessions.context(settingsJson)
  }

  /** Whether a context's number can be used, in this turn. */
  hasContext(number: number): boolean {
    return this.#sessions.find(number) !== undefined
  }

  /**
   * Begins a handshake; the socket is not ready for anything until it is over, or asks for a context: `report` then
   * has the server's name, and `answer` goes on.
   */
  start(descriptor: number, endpoint: StreamEndpoint, context: number, settingsJson: string): void {
    const handshake: Handshake = { endpoint, state: 'pending', report: '', answer: null, secured: null }
    this.#handshakes.set(descriptor, handshake)
    const known = this.#sessions.find(context) // now: others may have taken its place once the stream is there
    if (known === undefined) throw new Error(`There is no TLS context ${context} any more.`)
    endpoint.startTls((stream, end) => {
      const finish = (error: unknown, secured: TLSSocket | null) => {
        handshake.state = secured === null ? 'failed' : 'done'
        handshake.report = secured === null ? describeTlsError(error) : describeSession(secured)
        handshake.secured = secured
        end(secured)
        // Whoever waits until the socket is readable is to look at the outcome, and takes the report.
        endpoint.isAsking = true
      }
      this.#sessions.handshake(stream, known, settingsJson, finish, (serverName, answer) => {
        Object.assign(handshake, { state: 'asked', report: serverName, answer })
        endpoint.isAsking = true
      })
    })
  }

  /** Answers the question for a context; an alert refuses the client. */
  answer(descriptor: number, context: number, alert: number | undefined): void {
    const handshake = this.#handshakes.get(descriptor)
    if (handshake?.state !== 'asked') return
    handshake.state = 'pending'
    handshake.answer?.(context, alert ?? null)
  }

  state(descriptor: number): string {
    return this.#handshakes.get(descriptor)?.state ?? 'none'
  }

  report(descriptor: number): string {
    const handshake = this.#handshakes.get(descriptor)
    if (handshake === undefined) return ''
    handshake.endpoint.isAsking = false
    return handshake.report
  }

  session(descriptor: number): string | undefined {
    const secured = this.#handshakes.get(descriptor)?.secured
    return secured === null || secured === undefined ? undefined : sessionOf(secured)
  }

  /** Ends TLS; the socket is plain when there is no handshake any more. False: it cannot go on in plain. */
  end(descriptor: number): boolean {
    const handshake = this.#handshakes.get(descriptor)
    if (handshake?.endpoint.endTls(() => this.#handshakes.delete(descriptor)) !== true) return false
    handshake.state = 'ending'
    return true
  }

  forget(descriptor: number): void {
    this.#handshakes.delete(descriptor)
  }
}
