/**
 * A stream that carries TLS over a plain one. It gives the plain one back when TLS has ended: what began with STARTTLS can go on
 * without it. Bytes that the peer sends right after its farewell, before it has heard ours, are lost. And it tells whether the
 * plain stream ended before TLS did: Node tells no connection that was cut from one whose peer said farewell.
 */

import { Duplex } from 'node:stream'

export class UnwrappableStream extends Duplex {
  readonly plain: Duplex
  /** Whether the plain stream stays open when this one ends. */
  keepsPlain = false
  /** What speaks TLS over this stream, once it is known. */
  secured: Duplex | null = null
  #wasCut = false
  #isPlainOver = false

  constructor(plain: Duplex) {
    super({ allowHalfOpen: true })
    this.plain = plain
    plain.on('data', this.#onData)
    plain.on('end', this.#onEnd)
    plain.on('error', this.#onError)
    plain.on('close', this.#onClose)
  }

  /** Whether the plain stream ended without a farewell of the peer's. */
  get wasCut(): boolean {
    return this.#wasCut
  }

  override _read(): void {
    this.plain.resume()
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.plain.write(bytes, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.keepsPlain) this.plain.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.plain.off('data', this.#onData)
    this.plain.off('end', this.#onEnd)
    this.plain.off('close', this.#onClose)
    if (this.keepsPlain) {
      this.plain.off('error', this.#onError)
      this.plain.pause()
    } else if (error === null) {
      this.plain.end()
    } else {
      this.plain.destroy()
    }
    done(error)
  }

  readonly #onData = (bytes: Uint8Array) => {
    if (!this.push(bytes)) this.plain.pause()
  }

  /** When TLS has read all that came: with a farewell it has ended by then. */
  #endSoon(): void {
    setImmediate(() => {
      if (this.destroyed || this.readableEnded) return
      this.#judge()
      this.push(null)
    })
  }

  #judge(): void {
    this.#wasCut = this.secured !== null && !hasEnded(this.secured)
  }

  readonly #onEnd = () => {
    if (this.#isPlainOver) return
    this.#isPlainOver = true
    if (this.readableLength === 0) {
      this.#endSoon()
      return
    }
    // Node reads no further once it has asked for more: the end must be there before the last bytes are taken.
    this.prependOnceListener('end', () => this.#judge())
    this.push(null)
  }

  readonly #onError = (error: Error) => {
    this.destroy(error)
  }

  readonly #onClose = () => {
    this.#onEnd()
  }
}

/** Whether a stream will give no more than what it has: `readable` says so only when that was read (seen in Node 26.10). */
function hasEnded(stream: Duplex): boolean {
  const { _readableState: state } = stream as unknown as { _readableState?: { ended?: boolean } }
  return stream.destroyed || state?.ended === true
}
