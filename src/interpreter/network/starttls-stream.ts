/**
 * A stream that carries TLS over a plain one, and gives the plain one back when TLS has ended: what began with STARTTLS
 * can go on without it. Bytes that the peer sends right after its farewell, before it has heard ours, are lost.
 */

import { Duplex } from 'node:stream'

export class UnwrappableStream extends Duplex {
  readonly plain: Duplex
  /** Whether the plain stream stays open when this one ends. */
  keepsPlain = false

  constructor(plain: Duplex) {
    super({ allowHalfOpen: true })
    this.plain = plain
    plain.on('data', this.#onData)
    plain.on('end', this.#onEnd)
    plain.on('error', this.#onError)
    plain.on('close', this.#onClose)
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

  readonly #onEnd = () => {
    this.push(null)
  }

  readonly #onError = (error: Error) => {
    this.destroy(error)
  }

  readonly #onClose = () => {
    if (!this.readableEnded) this.push(null)
  }
}
