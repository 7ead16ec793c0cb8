/**
 * A stream socket of a script over a stream of Node: TCP, a Unix socket, or one end of a pair.
 * Reads never take more than the requested number of bytes, so that the system's flow control reaches the peer.
 * Its states are in `stream-state.ts`.
 */

import { connect as connectSocket, type NetConnectOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Address,
  BROKEN,
  Endpoint,
  errorName,
  HUNG_UP,
  type LentDescriptor,
  plainBytes,
  READABLE,
  type ReadResult,
  WRITABLE,
} from '../descriptors/endpoint.ts'
import { lendStream } from '../descriptors/lent-stream.ts'
import { PassedDescriptors } from './passed-descriptors.ts'
import { UnwrappableStream } from './starttls-stream.ts'
import { type ConnectionState, connectionState, isConnected, type Receiving, type StreamState } from './stream-state.ts'

/** Maximum number of unsent bytes of a writable socket. */
const SEND_BUFFER_BYTES = 256 * 1024

/** Makes a secured stream of a plain one; null when that failed. */
type Wrap = (plain: Duplex, end: (secured: Duplex | null) => void) => void

export class StreamEndpoint extends Endpoint {
  #state: StreamState = { kind: 'new' }
  readonly #shut = new Set<'read' | 'write'>()
  /** Error that the next call reports, once. After that, only the end of the stream is reported. */
  #error: string | null = null
  /** Whether Python has not read the report of the handshake yet: the socket is readable until then. */
  #report: 'none' | 'unread' = 'none'
  #carrier: UnwrappableStream | null = null
  #plain: Duplex | null = null
  #flushed: () => void = ignore
  readonly passedDescriptors = new PassedDescriptors()
  #local: Address | undefined
  #peer: Address | undefined

  static over(stream: Duplex, local?: Address, peer?: Address): StreamEndpoint {
    const endpoint = new StreamEndpoint()
    endpoint.#local = local
    endpoint.#peer = peer
    endpoint.#attach('open', stream)
    return endpoint
  }

  get state(): ConnectionState {
    return connectionState(this.#state)
  }

  /** Null if there is none, or it is closed. */
  get #stream(): Duplex | null {
    return this.#state.kind === 'new' || this.#state.kind === 'closed' ? null : this.#state.stream
  }

  connect(options: NetConnectOpts): void {
    this.#error = null
    const socket = connectSocket({ ...options, allowHalfOpen: true, noDelay: false } as NetConnectOpts)
    socket.once('connect', () => {
      if (this.#state.kind === 'connecting') this.#state = { kind: 'open', stream: socket }
      const isPath = 'path' in options && options.path !== undefined
      this.#local = isPath ? [''] : socketAddress(socket.localAddress, socket.localPort)
      this.#peer = isPath ? [options.path ?? ''] : socketAddress(socket.remoteAddress, socket.remotePort)
      this.changed()
    })
    this.#attach('connecting', socket)
  }

  refuse(): void {
    this.#state = { kind: 'failed', stream: null }
    this.#error = 'ECONNREFUSED'
    this.changed()
  }

  /**
   * Hands the plain stream to `wrap`, and replaces it with the resulting stream; addresses stay. Until then nothing can
   * be read or written; null breaks the socket. With `tellsCuts`, reads distinguish a cut connection from an ended one.
   */
  startTls(tellsCuts: boolean, wrap: Wrap): void {
    const state = this.#state
    // Uncoded: a defect in `python/cloaca/_adapt`
    if (!isConnected(state)) throw new Error('TLS cannot be started on a socket that is not connected.')
    const { kind: then, stream: plain } = state
    this.#detach(plain)
    this.#state = { kind: 'handshaking', stream: plain, then }
    // TLS that begins in the middle of a connection may end before it.
    const wasUsed = plain instanceof Socket && plain.bytesRead + plain.bytesWritten > 0
    this.#carrier = wasUsed || tellsCuts ? new UnwrappableStream(plain) : null
    const end = (secured: Duplex | null) => {
      plain.on('error', ignore)
      if (this.#state.kind !== 'handshaking') plain.destroy()
      else if (secured === null) {
        this.#state = { kind: then, stream: plain }
        plain.destroy()
      } else {
        this.#plain = plain
        this.#attach(then, secured)
      }
      if (this.#carrier !== null) this.#carrier.secured = secured
      this.changed()
    }
    wrap(this.#carrier ?? plain, end)
  }

  /**
   * Ends TLS and continues in plain. `end` is called when the peer has said farewell or has cut the connection. Returns
   * false if the connection can only end with TLS.
   */
  endTls(end: (wasCut: boolean) => void): boolean {
    const carrier = this.#carrier
    const state = this.#state
    if (carrier === null || !isConnected(state)) return false
    const { kind: then, stream: secured } = state
    this.#carrier = this.#plain = null
    carrier.keepsPlain = true
    this.#detach(secured)
    this.#state = { kind: 'handshaking', stream: secured, then }
    secured.on('error', ignore)
    secured.once('close', () => {
      this.#shut.delete('write')
      if (this.#state.kind !== 'handshaking') carrier.plain.destroy()
      else this.#attach(carrier.plain.readableEnded ? 'ended' : 'open', carrier.plain)
      end(carrier.wasCut)
      this.changed()
    })
    secured.end()
    secured.resume()
    return true
  }

  /** Sets whether Python must read a report of the handshake, for which the socket becomes readable. */
  set isAsking(isAsking: boolean) {
    this.#report = isAsking ? 'unread' : 'none'
    this.changed()
  }

  takeError(): string | undefined {
    const error = this.#error
    this.#error = null
    return error ?? undefined
  }

  override read(size: number, isPeek: boolean): ReadResult {
    const { kind } = this.#state
    const stream = this.#stream
    if (stream === null) return 'ENOTCONN'
    if (this.#shut.has('read')) return EMPTY
    if (kind === 'lent') return undefined
    const available = kind === 'handshaking' ? 0 : stream.readableLength
    if (available > 0) {
      if (size === 0) return EMPTY
      const bytes = stream.read(Math.min(size, available)) as Uint8Array
      if (isPeek) stream.unshift(bytes)
      else this.passedDescriptors.read(bytes.length)
      // Node announces an end that came during this read only after another read.
      if (stream.readableLength === 0) stream.read(0)
      return plainBytes(bytes)
    }
    if (this.#error !== null) return this.takeError()
    if (this.#hasEnded || stream.destroyed) return this.#carrier?.wasCut === true ? CUT : EMPTY
    if (kind !== 'connecting' && kind !== 'handshaking') stream.read(0)
    return undefined
  }

  override write(bytes: Uint8Array): number | string | undefined {
    const stream = this.#stream
    if (stream === null) return 'EPIPE'
    if (this.#error !== null) return this.takeError()
    if (this.#shut.has('write') || stream.destroyed || !stream.writable) return 'EPIPE'
    if (this.#isBusy || stream.writableLength >= SEND_BUFFER_BYTES) return undefined
    const taken = bytes.subarray(0, SEND_BUFFER_BYTES)
    stream.write(taken, () => this.#flushed())
    this.passedDescriptors.wrote(taken.length)
    return taken.length
  }

  override get bufferedBytes(): number {
    return this.#stream?.readableLength ?? 0
  }

  get isEnded(): boolean {
    return this.#hasEnded && this.bufferedBytes === 0
  }

  get #hasEnded(): boolean {
    const state = this.#state
    return ('then' in state ? state.then : state.kind) === 'ended'
  }

  /** Whether the socket is connecting or in a handshake, so that its readiness is unknown. */
  get #isBusy(): boolean {
    return this.#state.kind === 'connecting' || this.#state.kind === 'handshaking'
  }

  get unsentBytes(): number {
    const stream = this.#state.kind === 'closed' ? this.#state.sending : this.#stream
    return stream === null || stream.destroyed ? 0 : stream.writableLength
  }

  shutdown(isRead: boolean, isWrite: boolean): void {
    if (isWrite && !this.#shut.has('write')) {
      this.#shut.add('write')
      this.#stream?.end()
    }
    if (isRead) this.#shut.add('read')
    this.changed()
  }

  configure(apply: (socket: Socket) => void): void {
    const stream = this.#stream
    if (stream instanceof Socket) apply(stream)
  }

  override readiness(): number {
    const { kind } = this.#state
    const stream = this.#stream
    if (stream === null) return HUNG_UP | WRITABLE
    const isUnread = this.#report === 'unread'
    if (this.#isBusy) return isUnread ? READABLE : 0
    if (kind === 'lent') return stream.destroyed ? HUNG_UP : WRITABLE
    let bits = 0
    const hasEnded = kind === 'ended' || this.#shut.has('read') || this.#error !== null || stream.destroyed
    if (stream.readableLength > 0 || hasEnded || isUnread) bits |= READABLE
    if (this.#error !== null) bits |= BROKEN
    if (stream.destroyed || kind === 'failed') bits |= HUNG_UP
    if (stream.writableLength < SEND_BUFFER_BYTES) bits |= WRITABLE
    return bits
  }

  override localAddress(): Address | undefined {
    return this.#local
  }

  override peerAddress(): Address | undefined {
    return this.state === 'connected' ? this.#peer : undefined
  }

  /** Null with TLS, whose bytes a child could not read, and while another child has it. */
  override lend(): LentDescriptor | null {
    const state = this.#state
    if (!isConnected(state) || this.#carrier !== null || 'getPeerCertificate' in state.stream) return null
    const { kind: then, stream } = state
    const lent = lendStream(stream, () => this.#takeBack(then, stream))
    this.#state = { kind: 'lent', stream, then }
    this.#detach(stream)
    return lent
  }

  #takeBack(then: Receiving, stream: Duplex): void {
    if (this.#state.kind === 'lent') this.#attach(then, stream)
    else this.#finish(stream, 'connected')
    this.changed()
  }

  protected override release(): void {
    const { kind } = this.#state
    const [stream, was] = [this.#stream, this.state]
    if (kind !== 'closed') this.#state = { kind: 'closed', was, sending: stream }
    if (stream === null || kind === 'lent') return
    this.#detach(stream)
    this.#finish(stream, was)
  }

  /** Sends the written bytes and closes the stream. TLS sends no farewell, as under python; `unwrap` does. */
  #finish(stream: Duplex, was: ConnectionState): void {
    stream.on('error', ignore)
    const plain = this.#plain
    if (plain instanceof Socket) this.#endPlain(stream, plain)
    else if (was === 'connecting') stream.destroy()
    else if (stream instanceof Socket && stream.constructor === Socket) this.#closePlain(stream)
    else if (stream instanceof Socket) stream.destroySoon()
    else stream.end()
  }

  #endPlain(secured: Duplex, plain: Socket): void {
    this.#flushed = () => {
      if (secured.writableLength === 0 || secured.destroyed) plain.destroySoon()
    }
    secured.once('close', this.#flushed)
    this.#flushed()
  }

  /** Resets the connection if received bytes are unread. The system notices bytes that Node has not read. */
  #closePlain(socket: Socket): void {
    const isUnread = socket.readableLength > 0 && socket.remoteFamily !== undefined
    this.#flushed = () => {
      if (socket.writableLength > 0) return
      if (isUnread) socket.resetAndDestroy()
      else socket.destroy()
    }
    this.#flushed()
  }

  reset(): void {
    const stream = this.#stream
    this.#state = { kind: 'closed', was: this.state, sending: null }
    if (stream instanceof Socket && stream.constructor === Socket) stream.resetAndDestroy()
    else stream?.destroy()
  }

  #attach(kind: 'connecting' | Receiving, stream: Duplex): void {
    this.#state = { kind, stream }
    stream.on('readable', this.#onReadable)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('close', this.#onChange)
    stream.on('drain', this.#onChange)
  }

  #detach(stream: Duplex): void {
    stream.off('readable', this.#onReadable)
    stream.off('end', this.#onEnd)
    stream.off('error', this.#onError)
    stream.off('close', this.#onChange)
    stream.off('drain', this.#onChange)
  }

  readonly #onChange = () => this.changed()

  readonly #onReadable = () => {
    const stream = this.#stream
    // An event without bytes means that the end is near. Node emits it only after another read.
    if (stream?.readableLength === 0) stream.read(0)
    this.changed()
  }

  readonly #onEnd = () => {
    if (this.#state.kind === 'open') this.#state = { kind: 'ended', stream: this.#state.stream }
    this.changed()
  }

  readonly #onError = (error: Error) => {
    this.#error = errorName(error)
    if (this.#state.kind === 'connecting') this.#state = { kind: 'failed', stream: this.#state.stream }
    this.changed()
  }
}

const CUT = 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING'
const EMPTY = new Uint8Array(0)

function ignore(): void {
  // A stream that was given up has nobody to report to.
}

export function socketAddress(host: string | undefined, port: number | undefined): Address | undefined {
  return host === undefined || port === undefined ? undefined : [host, port]
}
