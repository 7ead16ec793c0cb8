/**
 * Functions that `hashlib` takes from OpenSSL and Pyodide (314.0.7) lacks: further digests, and keys of passwords.
 * Python calls this class.
 *
 * Proved by `python/tests/stdlib/test_hashlib.py`.
 */

import { createHash, type Hash, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from 'node:crypto'
import { plainBytes } from '../descriptors/endpoint.ts'
import type { Hashes as HashFunctions } from '../python-border.ts'

/** Event number of a caller that cannot wait, so the answer must be ready when the call returns. */
const AT_ONCE = 0

export class Hashes implements HashFunctions {
  readonly #setEvent: (event: number) => void
  readonly #digests = new Map<number, Hash>()
  /** Keys by event number; undefined while not ready. */
  readonly #keys = new Map<number, Uint8Array | string | undefined>()
  #lastNumber = 0

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  open(algorithm: string): number | undefined {
    try {
      return this.#add(createHash(algorithm))
    } catch {
      return undefined
    }
  }

  copy(number: number): number {
    return this.#add(this.#digest(number).copy())
  }

  update(number: number, bytes: Uint8Array): void {
    this.#digest(number).update(bytes)
  }

  /** Returns the digest of the data so far; more may follow. */
  digest(number: number): Uint8Array {
    return plainBytes(this.#digest(number).copy().digest())
  }

  close(number: number): void {
    this.#digests.delete(number)
  }

  pbkdf2(
    event: number,
    algorithm: string,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    size: number,
  ): void {
    this.#derive(
      event,
      (done) => pbkdf2(password, salt, iterations, size, algorithm, done),
      () => pbkdf2Sync(password, salt, iterations, size, algorithm),
    )
  }

  scrypt(
    event: number,
    password: Uint8Array,
    salt: Uint8Array,
    n: number,
    r: number,
    p: number,
    maxmem: number,
    size: number,
  ): void {
    const options = { N: n, r, p, ...(maxmem > 0 && { maxmem }) }
    this.#derive(
      event,
      (done) => scrypt(password, salt, size, options, done),
      () => scryptSync(password, salt, size, options),
    )
  }

  take_key(event: number): Uint8Array | string | undefined {
    const key = this.#keys.get(event)
    this.#keys.delete(event)
    return key
  }

  /** Stores the key or OpenSSL's error for `take_key`; computes in a thread of Node's, unless at once. */
  #derive(
    event: number,
    begin: (done: (error: Error | null, key: Buffer) => void) => void,
    derive: () => Buffer,
  ): void {
    this.#keys.set(event, undefined)
    const finish = (error: Error | null, key?: Buffer) => {
      if (!this.#keys.has(event)) return // the wait for it was stopped
      this.#keys.set(event, key === undefined ? refusal(error) : plainBytes(key))
      if (event !== AT_ONCE) this.#setEvent(event)
    }
    try {
      if (event === AT_ONCE) finish(null, derive())
      else begin(finish)
    } catch (error) {
      finish(error as Error)
    }
  }

  #add(digest: Hash): number {
    const number = ++this.#lastNumber
    this.#digests.set(number, digest)
    return number
  }

  #digest(number: number): Hash {
    const digest = this.#digests.get(number)
    // Uncoded: a defect in `python/cloaca/_adapt`
    if (digest === undefined) throw new Error(`Hash object ${number} no longer exists.`)
    return digest
  }
}

/** OpenSSL's words, as CPython shows them: `[digital envelope routines] memory limit exceeded`. */
function refusal(error: Error | null): string {
  const text = error?.message ?? 'no reason supplied'
  const [, library, reason] = /error:[0-9A-F]+:([^:]*):[^:]*:(.+)$/.exec(text) ?? []
  return library === undefined ? text : `[${library}] ${reason}`
}
