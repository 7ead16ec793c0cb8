/**
 * TLS handshakes of scripts' sockets by socket number: their state and reports. Node makes them (`tls.ts`); Python
 * calls this class.
 */

import { getCiphers, type TLSSocket } from 'node:tls'
import type { Tls } from '../python-border.ts'
import type { StreamEndpoint } from './stream-socket.ts'
import {
  type Context,
  type ContextAnswer,
  type DefaultAuthorities,
  defaultAuthorities,
  describeChains,
  describeSession,
  describeTlsError,
  type HandshakeSettings,
  TlsSessions,
  tlsSession,
} from './tls.ts'

interface Handshake {
  readonly endpoint: StreamEndpoint
  readonly context: Context
  state: 'pending' | 'asked' | 'done' | 'failed' | 'ending' | 'cut'
  /** JSON: the session, or the error; while it is asked, the name that the client gave the server. */
  report: string
  answer: ContextAnswer | null
  secured: TLSSocket | null
}

export class TlsHandshakes implements Tls {
  readonly #sessions = new TlsSessions()
  readonly #handshakes = new Map<number, Handshake>()
  readonly #streamOf: (number: number) => StreamEndpoint
  readonly #mayWrite: (path: string) => boolean

  constructor(streamOf: (number: number) => StreamEndpoint, mayWrite: (path: string) => boolean) {
    this.#streamOf = streamOf
    this.#mayWrite = mayWrite
  }

  context(settingsJson: string): number | string {
    return this.#sessions.context(settingsJson)
  }

  has_context(context: number): boolean {
    return this.#sessions.find(context) !== undefined
  }

  default_authorities(which: DefaultAuthorities): string {
    return defaultAuthorities(which).join('\n')
  }

  ciphers(): string {
    return JSON.stringify(getCiphers().map((name) => name.toUpperCase()))
  }

  /**
   * Begins a handshake. Until it is over, the socket is not ready for anything, unless a context is asked for: then
   * `report` has the server's name, and `answer` continues.
   */
  start(number: number, context: number, settingsJson: string, tellsCuts: boolean): void {
    const endpoint = this.#streamOf(number)
    const known = this.#sessions.find(context) // now: others may have taken its place once the stream is there
    // Uncoded: a defect in `python/cloaca/_adapt`
    if (known === undefined) throw new Error(`TLS context ${context} no longer exists.`)
    const settings = JSON.parse(settingsJson) as HandshakeSettings
    const { keyLog } = settings
    if (keyLog !== null && !this.#mayWrite(keyLog))
      // Uncoded: becomes an exception in Python
      throw new Error(`The script may not write the TLS key log "${keyLog}".`)
    const handshake: Handshake = {
      endpoint,
      context: known,
      state: 'pending',
      report: '',
      answer: null,
      secured: null,
    }
    this.#handshakes.set(number, handshake)
    // Node would wait for an end that it has already announced.
    const earlyEnd = endpoint.takeError() ?? (endpoint.isEnded ? 'UNEXPECTED_EOF' : null)
    endpoint.startTls(tellsCuts, (stream, end) => {
      const finish = (error: unknown, secured: TLSSocket | null) => {
        handshake.state = secured === null ? 'failed' : 'done'
        handshake.report = secured === null ? describeTlsError(error) : describeSession(secured)
        handshake.secured = secured
        end(secured)
        // Makes the socket readable, so that a waiting stack takes the report.
        endpoint.isAsking = true
      }
      if (earlyEnd !== null) return void setImmediate(() => finish(earlyEnd, null))
      this.#sessions.handshake(stream, known, settings, finish, (serverName, answer) => {
        Object.assign(handshake, { state: 'asked', report: serverName, answer })
        endpoint.isAsking = true
      })
    })
  }

  answer(number: number, context: number, alert?: number): void {
    const handshake = this.#handshakes.get(number)
    if (handshake?.state !== 'asked') return
    handshake.state = 'pending'
    handshake.answer?.(context, alert ?? null)
  }

  state(number: number): string {
    return this.#handshakes.get(number)?.state ?? 'none'
  }

  report(number: number): string {
    const handshake = this.#handshakes.get(number)
    if (handshake === undefined) return ''
    handshake.endpoint.isAsking = false
    return handshake.report
  }

  chains(number: number): string | undefined {
    const handshake = this.#handshakes.get(number)
    return handshake?.secured == null ? undefined : describeChains(handshake.report, handshake.context)
  }

  session(number: number): string | undefined {
    const secured = this.#handshakes.get(number)?.secured
    return secured === null || secured === undefined ? undefined : tlsSession(secured)
  }

  end(number: number): boolean {
    const handshake = this.#handshakes.get(number)
    const end = (wasCut: boolean) => {
      if (wasCut && handshake !== undefined) handshake.state = 'cut'
      else this.#handshakes.delete(number)
    }
    if (handshake?.endpoint.endTls(end) !== true) return false
    handshake.state = 'ending'
    return true
  }

  forget(number: number): void {
    this.#handshakes.delete(number)
  }
}
