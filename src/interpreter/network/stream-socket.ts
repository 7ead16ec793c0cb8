/**
 * A connected (or connecting) stream socket of a script over a stream of Node: TCP, a Unix socket, or one end of a pair.
 * Reads never take more than what was asked for, so that the system's flow control reaches the peer.
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

/** Bytes that may wait to be sent before a socket is no longer writable. */
const SEND_BUFFER_BYTES = 256 * 1024

type State = 'new' | 'connecting' | 'connected' | 'failed'
/** Makes a secured stream of a plain one; null when that failed. */
type Wrap = (plain: Duplex, end: (secured: Duplex | null) => void) => void

export class StreamEndpoint extends Endpoint {
  #stream: Duplex | null = null
  /** The stream of a closed endpoint while it still sends. */
  #closing: Duplex | null = null
  #state: State = 'new'
  /** The error that the next call reports, once; afterwards the end of the stream is all there is. */
  #error: string | null = null
  #isEnded = false
  #isHandshaking = false
  #carrier: UnwrappableStream | null = null
  /** The stream below TLS. */
  #plain: Duplex | null = null
  #isAsking = false
  /** A child process has it: bytes that arrive are the child's. */
  #isLent = false
  /** Called when something that was written has gone out. */
  #flushed: () => void = ignore
  #isReadShut = false
  #isWriteShut = false
  /** Descriptors that travel with the bytes. */
  readonly passedDescriptors = new PassedDescriptors()
  #local: Address | undefined
  #peer: Address | undefined

  static over(stream: Duplex, local?: Address, peer?: Address): StreamEndpoint {
    const endpoint = new StreamEndpoint()
    endpoint.#state = 'connected'
    endpoint.#local = local
    endpoint.#peer = peer
    endpoint.#attach(stream)
    return endpoint
  }

  get state(): State {
    return this.#state
  }

  get stream(): Duplex | null {
    return this.#stream
  }

  connect(options: NetConnectOpts): void {
    this.#state = 'connecting'
    this.#error = null
    const socket = connectSocket({ ...options, allowHalfOpen: true, noDelay: false } as NetConnectOpts)
    socket.once('connect', () => {
      this.#state = 'connected'
      const isPath = 'path' in options && options.path !== undefined
      this.#local = isPath ? [''] : addressOf(socket.localAddress, socket.localPort)
      this.#peer = isPath ? [options.path ?? ''] : addressOf(socket.remoteAddress, socket.remotePort)
      this.changed()
    })
    this.#attach(socket)
  }

  /** Connects to nobody, as where nothing listens. */
  refuse(): void {
    this.#state = 'failed'
    this.#error = 'ECONNREFUSED'
    this.changed()
  }

  /**
   * Hands the plain stream to `wrap`, and takes the one that it ends with in its place; addresses stay.
   * Until then nothing can be read or written; when it ends with null, the socket is broken. With `tellsCuts` a read tells a
   * connection that was cut from one that ended.
   */
  startTls(tellsCuts: boolean, wrap: Wrap): void {
    const plain = this.#stream
    if (plain === null) throw new Error('TLS cannot be started on a socket that is not connected.')
    this.#detach(plain)
    this.#isHandshaking = true
    // TLS that begins in the middle of a conversation may end before it does.
    const wasUsed = plain instanceof Socket && plain.bytesRead + plain.bytesWritten > 0
    this.#carrier = wasUsed || tellsCuts ? new UnwrappableStream(plain) : null
    const end = (secured: Duplex | null) => {
      this.#isHandshaking = false
      plain.on('error', ignore)
      if (secured === null || this.isClosed) plain.destroy()
      else {
        this.#plain = plain
        this.#attach(secured)
      }
      if (this.#carrier !== null) this.#carrier.secured = secured
      this.changed()
    }
    wrap(this.#carrier ?? plain, end)
  }

  /**
   * Ends TLS and goes on in plain: `end` is called when the peer has said farewell too, or has cut the connection. False: the
   * connection can only end with it.
   */
  endTls(end: (wasCut: boolean) => void): boolean {
    const carrier = this.#carrier
    const secured = this.#stream
    if (carrier === null || secured === null) return false
    this.#carrier = this.#plain = null
    carrier.keepsPlain = true
    this.#detach(secured)
    this.#isHandshaking = true
    secured.on('error', ignore)
    secured.once('close', () => {
      this.#isHandshaking = this.#isWriteShut = false
      this.#isEnded = carrier.plain.readableEnded
      if (this.isClosed) carrier.plain.destroy()
      else this.#attach(carrier.plain)
      end(carrier.wasCut)
      this.changed()
    })
    secured.end()
    secured.resume()
    return true
  }

  /** Whether the handshake has something to tell Python: the socket is readable, so that somebody looks. */
  set isAsking(isAsking: boolean) {
    this.#isAsking = isAsking
    this.changed()
  }

  takeError(): string | undefined {
    const error = this.#error
    this.#error = null
    return error ?? undefined
  }

  override read(size: number, isPeek: boolean): ReadResult {
    const stream = this.#stream
    if (stream === null || this.#state === 'new') return 'ENOTCONN'
    if (this.#isReadShut) return EMPTY
    if (this.#isLent) return undefined
    const available = this.#isHandshaking ? 0 : stream.readableLength
    if (available > 0) {
      if (size === 0) return EMPTY
      const bytes = stream.read(Math.min(size, available)) as Uint8Array
      if (isPeek) stream.unshift(bytes)
      else this.passedDescriptors.read(bytes.length)
      // The end that came during this read is announced only to who reads on.
      if (stream.readableLength === 0) stream.read(0)
      return plainBytes(bytes)
    }
    if (this.#error !== null) return this.takeError()
    if (this.#isEnded || stream.destroyed) return this.#carrier?.wasCut === true ? CUT : EMPTY
    if (this.#state === 'connecting' || this.#isHandshaking) return undefined
    stream.read(0)
    return undefined
  }

  override write(bytes: Uint8Array): number | string | undefined {
    const stream = this.#stream
    if (stream === null || this.#state === 'new') return 'EPIPE'
    if (this.#error !== null) return this.takeError()
    if (this.#isWriteShut || stream.destroyed || !stream.writable) return 'EPIPE'
    if (this.#state === 'connecting' || this.#isHandshaking || stream.writableLength >= SEND_BUFFER_BYTES)
      return undefined
    const taken = bytes.subarray(0, SEND_BUFFER_BYTES)
    stream.write(taken, () => this.#flushed())
    this.passedDescriptors.wrote(taken.length)
    return taken.length
  }

  override get bufferedBytes(): number {
    return this.#stream?.readableLength ?? 0
  }

  get isEnded(): boolean {
    return this.#isEnded && this.bufferedBytes === 0
  }

  /** Bytes that were written and did not go out yet. */
  get unsentBytes(): number {
    const stream = this.#stream ?? this.#closing
    return stream === null || stream.destroyed ? 0 : stream.writableLength
  }

  shutdown(isRead: boolean, isWrite: boolean): void {
    if (isWrite && !this.#isWriteShut) {
      this.#isWriteShut = true
      this.#stream?.end()
    }
    if (isRead) this.#isReadShut = true
    this.changed()
  }

  configure(apply: (socket: Socket) => void): void {
    if (this.#stream instanceof Socket) apply(this.#stream)
  }

  override readiness(): number {
    const stream = this.#stream
    if (stream === null || this.#state === 'new') return HUNG_UP | WRITABLE
    if (this.#state === 'connecting' || this.#isHandshaking) return this.#isAsking ? READABLE : 0
    if (this.#isLent) return stream.destroyed ? HUNG_UP : WRITABLE
    let bits = 0
    const hasEnded = this.#isEnded || this.#isReadShut || this.#error !== null || stream.destroyed
    if (stream.readableLength > 0 || hasEnded || this.#isAsking) bits |= READABLE
    if (this.#error !== null) bits |= BROKEN
    if (stream.destroyed || this.#state === 'failed') bits |= HUNG_UP
    if (stream.writableLength < SEND_BUFFER_BYTES) bits |= WRITABLE
    return bits
  }

  override localAddress(): Address | undefined {
    return this.#local
  }

  override peerAddress(): Address | undefined {
    return this.#state === 'connected' ? this.#peer : undefined
  }

  /** None with TLS, whose bytes a child could not read, or while another child has it. */
  override lend(): LentDescriptor | null {
    const stream = this.#stream
    const isPlain = stream !== null && this.#carrier === null && !('getPeerCertificate' in stream)
    if (!isPlain || this.#state !== 'connected' || this.#isLent || this.#isHandshaking) return null
    const lent = lendStream(stream, () => this.#takeBack(stream))
    this.#isLent = true
    this.#detach(stream)
    return lent
  }

  #takeBack(stream: Duplex): void {
    this.#isLent = false
    if (this.isClosed) this.#finish(stream)
    else this.#attach(stream)
    this.changed()
  }

  protected override release(): void {
    const stream = this.#stream
    this.#stream = null
    this.#closing = stream
    if (stream === null || this.#isLent) return
    this.#detach(stream)
    this.#finish(stream)
  }

  /** What was written still goes out. TLS says no farewell, as under python: that is what `unwrap` is for. */
  #finish(stream: Duplex): void {
    stream.on('error', ignore)
    const plain = this.#plain
    if (plain instanceof Socket) this.#endPlain(stream, plain)
    else if (this.#state === 'connecting') stream.destroy()
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

  /** Where bytes have arrived that nobody read, the peer hears that: those that Node has not read yet are for the system to notice. */
  #closePlain(socket: Socket): void {
    const isUnread = socket.readableLength > 0 && socket.remoteFamily !== undefined
    this.#flushed = () => {
      if (socket.writableLength > 0) return
      if (isUnread) socket.resetAndDestroy()
      else socket.destroy()
    }
    this.#flushed()
  }

  /** Closes without sending what is left, and notifies the peer. */
  reset(): void {
    const stream = this.#stream
    this.#stream = null
    if (stream instanceof Socket && stream.constructor === Socket) stream.resetAndDestroy()
    else stream?.destroy()
  }

  #attach(stream: Duplex): void {
    this.#stream = stream
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
    // Nothing to read in spite of the event: the end is near, and is announced only to who reads.
    if (this.#stream?.readableLength === 0) this.#stream.read(0)
    this.changed()
  }

  readonly #onEnd = () => {
    this.#isEnded = true
    this.changed()
  }

  readonly #onError = (error: Error) => {
    this.#error = errorName(error)
    if (this.#state === 'connecting') this.#state = 'failed'
    this.changed()
  }
}

/** OpenSSL's name for it. */
const CUT = 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING'
const EMPTY = new Uint8Array(0)

function ignore(): void {
  // A stream that was given up has nobody to report to.
}

export function addressOf(host: string | undefined, port: number | undefined): Address | undefined {
  return host === undefined || port === undefined ? undefined : [host, port]
}
