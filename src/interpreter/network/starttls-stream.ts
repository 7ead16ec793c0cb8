/**
 * A stream that carries TLS over a plain one, and returns the plain one after TLS ends, as for STARTTLS. Bytes that the
 * peer sends between its farewell and ours are lost. Unlike Node, it distinguishes a cut connection from a farewell.
 */

import { Duplex } from 'node:stream'

export class UnwrappableStream extends Duplex {
  readonly plain: Duplex
  keepsPlain = false
  /** The stream that speaks TLS over this one, once it exists. */
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

  /** Ends in a later tick, when TLS has read all data and, after a farewell, has ended. */
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
    // Node stops reading once it has asked for more, so the end must be there before the last bytes are taken.
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

/** Returns whether a stream ends after its buffered bytes. `readable` shows it only after a read (Node 26.10). */
function hasEnded(stream: Duplex): boolean {
  const { _readableState: state } = stream as unknown as { _readableState?: { ended?: boolean } }
  return stream.destroyed || state?.ended === true
}
