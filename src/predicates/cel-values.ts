/**
 * Reads JSON into values of CEL. Whole numbers become bigints (CEL's int), others doubles. `JSON.parse` with a reviver
 * takes 18 seconds for a list of eight million digits; this takes three.
 */

import { InternalError } from '../errors.ts'

const WHOLE = /^-?\d+$/
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** Maximum digits of an int. Longer ones become doubles, because their conversion time grows faster than the length. */
const MAX_DIGITS = 1_000
/** Number of digits that a double stores exactly. Converting a double to a bigint is faster than converting a text. */
const SAFE_DIGITS = 15
const WHITE_SPACE = new Set([' ', '\t', '\n', '\r'])
const WORDS: Readonly<Record<string, boolean | null>> = { t: true, f: false, n: null }

export function celValue(text: string): unknown {
  return new Reader(text).value()
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): unknown {
    const first = this.#peek()
    if (first === '{') return this.#object()
    if (first === '[') return this.#list()
    if (first === '"') return this.#string()
    const word = WORDS[first]
    if (word === undefined) return this.#number()
    this.#at += first === 'f' ? 5 : 4
    return word
  }

  #peek(): string {
    while (WHITE_SPACE.has(this.#text[this.#at] ?? '')) this.#at += 1
    return this.#text[this.#at] ?? ''
  }

  #object(): object {
    const object: Record<string, unknown> = {}
    this.#at += 1
    if (this.#peek() === '}') this.#at += 1
    else {
      do {
        this.#peek()
        const key = this.#string()
        this.#peek()
        this.#at += 1
        const value = this.value()
        // An assignment to this key would set the prototype.
        if (key === '__proto__') {
          Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
        } else object[key] = value
      } while (this.#hasMore())
    }
    return object
  }

  #list(): unknown[] {
    const list: unknown[] = []
    this.#at += 1
    if (this.#peek() === ']') this.#at += 1
    else {
      do list.push(this.value())
      while (this.#hasMore())
    }
    return list
  }

  #hasMore(): boolean {
    const next = this.#peek()
    this.#at += 1
    return next === ','
  }

  #string(): string {
    const from = this.#at
    let end = this.#text.indexOf('"', from + 1)
    while (this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    this.#at = end + 1
    const inside = this.#text.slice(from + 1, end)
    return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside
  }

  #isEscaped(at: number): boolean {
    let backslashes = 0
    while (this.#text[at - 1 - backslashes] === '\\') backslashes += 1
    return backslashes % 2 === 1
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at
    const [token] = NUMBER.exec(this.#text) ?? []
    if (token === undefined)
      throw new InternalError(`Cannot read a payload for a predicate: it is not valid JSON at character ${this.#at}.`)
    this.#at += token.length
    if (!WHOLE.test(token) || token.length > MAX_DIGITS) return Number(token)
    return BigInt(token.length <= SAFE_DIGITS ? Number(token) : token)
  }
}
