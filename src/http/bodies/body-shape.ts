/**
 * Limits of a body besides its size, checked during reading, because millions of brackets or hundreds of thousands of
 * keys would take seconds later. Does not check the syntax of the JSON.
 */

export const MAX_BODY_DEPTH = 1_000
export const MAX_KEYS = 200_000
/** Maximum number of list elements and keys. */
export const MAX_VALUES = 1_000_000

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPENING = 0x5b
const CLOSING = 0x5d
/** Brackets and braces differ in this bit alone. */
const BRACE_BIT = 0x20

export class BodyShape {
  #depth = 0
  #keys = 0
  #values = 1
  #isString = false
  #isEscaped = false

  /** Returns which limit is exceeded with the next bytes, as the end of a sentence; null for none. */
  exceededBy(bytes: Uint8Array): string | null {
    let at = 0
    while (at < bytes.length) {
      at = this.#isString ? this.#endOfString(bytes, at) : this.#startOfString(bytes, at)
      if (this.#depth > MAX_BODY_DEPTH) return `is nested deeper than ${MAX_BODY_DEPTH} levels`
    }
    if (this.#keys > MAX_KEYS) return `has more than ${MAX_KEYS} keys`
    return this.#values > MAX_VALUES ? `has more than ${MAX_VALUES} values` : null
  }

  /** Counts up to the next string, or until the body is nested too deep. Returns the place after it. */
  #startOfString(bytes: Uint8Array, from: number): number {
    let [at, depth, keys, values] = [from, this.#depth, this.#keys, this.#values]
    for (; at < bytes.length && depth <= MAX_BODY_DEPTH; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte === QUOTE) break
      if (byte === COMMA) values += 1
      else if (byte === COLON) keys += 1
      else if ((byte & ~BRACE_BIT) === CLOSING) depth -= 1
      else if ((byte & ~BRACE_BIT) === OPENING) depth += 1
    }
    this.#isString = bytes[at] === QUOTE && depth <= MAX_BODY_DEPTH
    ;[this.#depth, this.#keys, this.#values] = [depth, keys, values]
    return at + 1
  }

  /** Returns the place after the string, or after the bytes. */
  #endOfString(bytes: Uint8Array, from: number): number {
    let at = this.#isEscaped ? from + 1 : from
    this.#isEscaped = false
    for (; at < bytes.length; at += 1) {
      if (bytes[at] === BACKSLASH) at += 1
      else if (bytes[at] === QUOTE) {
        this.#isString = false
        return at + 1
      }
    }
    this.#isEscaped = at > bytes.length
    return at
  }
}
