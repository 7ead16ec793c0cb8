/**
 * Reads JSON text into nodes that keep every token as it was written. Called by twin.ts only.
 * The places where it stops are part of the codec's contract: json_reader.h refuses the same texts at the same bytes.
 */

import { isUtf8 } from 'node:buffer'
import { UsageError } from '../errors.ts'
import type { JsonText } from './codec.ts'
import { type Fault, MAX_DEPTH, type Position, refusal } from './input.ts'

interface ScalarNode {
  readonly kind: 'scalar'
  readonly text: string
}

/** A list or object; `text` is null when it came out of a merge. */
export interface ListNode {
  readonly kind: 'list'
  readonly text: string | null
  readonly items: readonly JsonNode[]
}
export interface ObjectNode {
  readonly kind: 'object'
  readonly text: string | null
  /** Last value of each decoded key, in order of first appearance of the keys. */
  readonly members: ReadonlyMap<string, JsonNode>
}
export type JsonNode = ScalarNode | ListNode | ObjectNode

/** Reads a text that acceptText returned, or throws the refusal with the offset of the wrong byte. */
export function readJson(json: JsonText, position: Position = null): JsonNode {
  if (typeof json === 'string') return new Reader(json, position).document()
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  if (isUtf8(bytes)) return new Reader(bytes.toString('utf8'), position).document()
  return refuseInvalidUtf8(bytes, position)
}

/** Reads a text as `readJson` does, and refuses all but objects. */
export function readObject(json: JsonText, position: Position = null): ObjectNode {
  const node = readJson(json, position)
  if (node.kind === 'object') return node
  throw refusal('notAnObject', Buffer.from(json).toString('latin1').search(NOT_WHITE_SPACE), json, position)
}

export function decodeString(token: string): string {
  return token.includes('\\') ? JSON.parse(token) : token.slice(1, -1)
}

/** Reads the text before the invalid bytes, which may be wrong earlier. Its end is not a fault. */
function refuseInvalidUtf8(bytes: Buffer, position: Position): never {
  const validLength = validUtf8Length(bytes)
  try {
    new Reader(bytes.toString('utf8', 0, validLength), position).document()
  } catch (error) {
    if (!(error instanceof UsageError) || (error.facts.byteOffset ?? 0) < validLength) throw error
  }
  throw refusal('invalidUtf8', validLength, bytes, position)
}

/** Returns the offset of the first U+FFFD that was not written as such, to which invalid bytes decode. */
function validUtf8Length(bytes: Buffer): number {
  const decoded = bytes.toString('utf8')
  let offset = 0
  for (const part of decoded.split('\ufffd')) {
    offset += Buffer.byteLength(part)
    if (bytes.readUIntBE(offset, Math.min(3, bytes.length - offset)) !== 0xefbfbd) return offset
    offset += 3
  }
  return offset
}

const NOT_WHITE_SPACE = /[^ \t\n\r]/
const WHITE_SPACE = /[ \t\n\r]*/y
const DIGITS = /[0-9]*/y
/** Runs to the closing quote, or to what needs a closer look. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings
const PLAIN_CHARACTERS = /[^"\\\0-\x1f]*/y
const HEX_DIGIT = /^[0-9a-fA-F]$/
const HEX_DIGITS_OF_ESCAPE = 4

class Reader {
  readonly #text: string
  readonly #position: Position
  #at = 0

  constructor(text: string, position: Position) {
    this.#text = text
    this.#position = position
  }

  document(): JsonNode {
    this.#skip(WHITE_SPACE)
    const node = this.#value(0)
    this.#skip(WHITE_SPACE)
    if (this.#at < this.#text.length) throw this.#refusal('unexpectedByte')
    return node
  }

  #value(depth: number): JsonNode {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#list(depth)
      case '"':
        return this.#scalar(this.#string)
      case 't':
        return this.#scalar(() => this.#word('true'))
      case 'f':
        return this.#scalar(() => this.#word('false'))
      case 'n':
        return this.#scalar(() => this.#word('null'))
      default:
        return this.#scalar(this.#number)
    }
  }

  #object(depth: number): ObjectNode {
    const start = this.#open(depth)
    const members = new Map<string, JsonNode>()
    if (!this.#closes('}')) {
      do {
        this.#skip(WHITE_SPACE)
        const keyStart = this.#at
        this.#string()
        const key = decodeString(this.#text.slice(keyStart, this.#at))
        this.#skip(WHITE_SPACE)
        this.#expect(':')
        this.#skip(WHITE_SPACE)
        members.set(key, this.#value(depth + 1))
      } while (this.#continues('}'))
    }
    return { kind: 'object', text: this.#text.slice(start, this.#at), members }
  }

  #list(depth: number): ListNode {
    const start = this.#open(depth)
    const items: JsonNode[] = []
    if (!this.#closes(']')) {
      do {
        this.#skip(WHITE_SPACE)
        items.push(this.#value(depth + 1))
      } while (this.#continues(']'))
    }
    return { kind: 'list', text: this.#text.slice(start, this.#at), items }
  }

  #scalar(readToken: () => void): ScalarNode {
    const start = this.#at
    readToken.call(this)
    return { kind: 'scalar', text: this.#text.slice(start, this.#at) }
  }

  #string(): void {
    this.#expect('"')
    for (;;) {
      this.#skip(PLAIN_CHARACTERS)
      if (this.#accept('"')) return
      if (this.#text[this.#at] !== '\\') throw this.#refusal('controlCharacter')
      this.#escape()
    }
  }

  #escape(): void {
    this.#at += 1
    const letter = this.#text[this.#at]
    if (letter === undefined || !'"\\/bfnrtu'.includes(letter)) throw this.#refusal('brokenEscape')
    this.#at += 1
    if (letter !== 'u') return
    for (let digit = 0; digit < HEX_DIGITS_OF_ESCAPE; digit++) {
      if (!HEX_DIGIT.test(this.#text[this.#at] ?? '')) throw this.#refusal('brokenEscape')
      this.#at += 1
    }
  }

  #number(): void {
    this.#accept('-')
    if (!this.#accept('0')) this.#digits()
    if (this.#accept('.')) this.#digits()
    if (this.#accept('e') || this.#accept('E')) {
      if (!this.#accept('+')) this.#accept('-')
      this.#digits()
    }
  }

  #digits(): void {
    const start = this.#at
    this.#skip(DIGITS)
    if (this.#at === start) throw this.#refusal('unexpectedByte')
  }

  #word(word: string): void {
    for (const letter of word) this.#expect(letter)
  }

  #open(depth: number): number {
    if (depth === MAX_DEPTH) throw this.#refusal('tooDeep')
    this.#at += 1
    return this.#at - 1
  }

  #closes(bracket: string): boolean {
    this.#skip(WHITE_SPACE)
    return this.#accept(bracket)
  }

  #continues(bracket: string): boolean {
    if (this.#closes(bracket)) return false
    this.#expect(',')
    return true
  }

  #skip(run: RegExp): void {
    run.lastIndex = this.#at
    run.test(this.#text)
    this.#at = run.lastIndex
  }

  #accept(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #expect(character: string): void {
    if (!this.#accept(character)) throw this.#refusal('unexpectedByte')
  }

  /** Returns the refusal. At the end of the text, the fault is `unexpectedEnd`. */
  #refusal(fault: Fault): UsageError {
    const isAtEnd = this.#at === this.#text.length
    const byteOffset = Buffer.byteLength(this.#text.slice(0, this.#at))
    return refusal(isAtEnd ? 'unexpectedEnd' : fault, byteOffset, this.#text, this.#position)
  }
}
