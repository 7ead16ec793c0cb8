/**
 * Hides texts in a text, in JSON, and in bytes that arrive in pieces. `execution-masks.ts` creates one object for each
 * execution that received secrets.
 */

import { secretForms } from './secret-forms.ts'
import { TextFinder } from './text-finder.ts'

const SHOWN = '***'
/** Minimum length of a secret that is reported in a context. Shorter ones, such as a host name, occur by chance. */
const TELLING_CHARACTERS = 12
/** Start of an escape sequence of JSON, and the lengths of such sequences. */
const ESCAPED = '\\'
const SHORT_ESCAPE = 2
const LONG_ESCAPE = 6

interface Finders {
  readonly text: TextFinder
  readonly json: TextFinder
  readonly bytes: TextFinder
}

export class Masks {
  readonly #values = new Set<string>()
  readonly #forms = new Set<string>()
  #made: Finders | null = null

  /** Values that are too short are not hidden. */
  add(values: readonly string[]): void {
    for (const value of values) {
      if (this.#values.has(value)) continue
      this.#values.add(value)
      for (const form of secretForms(value)) this.#forms.add(form)
      this.#made = null
    }
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0
  }

  inText(text: string): string {
    return this.isEmpty ? text : hidden(text, this.#finders.text, text.length)
  }

  inJson(json: string): string {
    return this.isEmpty ? json : hidden(json, this.#finders.json, json.length, escapeAt)
  }

  isTold(json: string): boolean {
    return [...this.#values].some((value) => {
      return value.length >= TELLING_CHARACTERS && json.includes(JSON.stringify(value).slice(1, -1))
    })
  }

  /** Masks UTF-8 bytes that may continue. `rest` may be the beginning of a secret. */
  inBytes(bytes: Buffer): { readonly masked: Buffer; readonly rest: Buffer | null } {
    if (this.isEmpty) return { masked: bytes, rest: null }
    const finder = this.#finders.bytes
    const text = bytes.toString('latin1')
    let restAt = finder.beginning(text, 0)
    for (let at = 0; at < restAt; at += 1) {
      const length = finder.lengthAt(text, at)
      if (length === 0) continue
      // A secret cannot begin inside a found text.
      if (at + length > restAt) restAt = finder.beginning(text, at + length)
      at += length - 1
    }
    const masked = Buffer.from(hidden(text, finder, restAt), 'latin1')
    return { masked, rest: restAt === text.length ? null : Buffer.from(bytes.subarray(restAt)) }
  }

  /** Masks the last bytes of a stream. */
  inLastBytes(bytes: Buffer): Buffer {
    if (this.isEmpty) return bytes
    const text = bytes.toString('latin1')
    return Buffer.from(hidden(text, this.#finders.bytes, text.length), 'latin1')
  }

  get #finders(): Finders {
    this.#made ??= {
      text: new TextFinder(this.#forms),
      json: new TextFinder(new Set([...this.#forms].map((form) => JSON.stringify(form).slice(1, -1)))),
      bytes: new TextFinder([...this.#forms].map((form) => Buffer.from(form).toString('latin1'))),
    }
    return this.#made
  }
}

/** `skip`: how many characters at a place belong together, so that nothing begins within them. */
function hidden(text: string, finder: TextFinder, end: number, skip = (_text: string, _at: number) => 1): string {
  let shown = ''
  let from = 0
  for (let at = 0; at < end; ) {
    const length = finder.lengthAt(text, at)
    if (length === 0) at += skip(text, at)
    else {
      shown += text.slice(from, at) + SHOWN
      at += length
      from = at
    }
  }
  return from === 0 && end === text.length ? text : shown + text.slice(from, end)
}

function escapeAt(json: string, at: number): number {
  if (json[at] !== ESCAPED) return 1
  return json[at + 1] === 'u' ? LONG_ESCAPE : SHORT_ESCAPE
}
