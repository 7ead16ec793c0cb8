/**
 * Hides texts: in a text, in JSON, and in bytes that come piece by piece. Made by `secret-masks.ts` of the secrets that an execution
 * was given.
 */

import { formsOf } from './secret-forms.ts'
import { TextFinder } from './text-finder.ts'

const SHOWN = '***'
/** A context that has a shorter one has it by chance: the name of a host, say. */
const TELLING_CHARACTERS = 12
/** What begins an escape sequence of JSON, and how long such are. */
const ESCAPED = '\\'
const SHORT_ESCAPE = 2
const LONG_ESCAPE = 6

interface Finders {
  readonly text: TextFinder
  readonly json: TextFinder
  /** Of texts with a character for each byte. */
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
      for (const form of formsOf(value)) this.#forms.add(form)
      this.#made = null
    }
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0
  }

  inText(text: string): string {
    return this.isEmpty ? text : hidden(text, this.#finders.text, text.length)
  }

  /** In the texts of a JSON value, which stays JSON. */
  inJson(json: string): string {
    return this.isEmpty ? json : hidden(json, this.#finders.json, json.length, escapeAt)
  }

  /** Whether JSON holds a value itself. */
  isTold(json: string): boolean {
    return [...this.#values].some((value) => {
      return value.length >= TELLING_CHARACTERS && json.includes(JSON.stringify(value).slice(1, -1))
    })
  }

  /** In bytes of UTF-8, of which more may follow: `rest` is what may be the beginning of something to hide. */
  inBytes(bytes: Buffer): { readonly masked: Buffer; readonly rest: Buffer | null } {
    if (this.isEmpty) return { masked: bytes, rest: null }
    const finder = this.#finders.bytes
    const text = bytes.toString('latin1')
    let restAt = finder.beginning(text, 0)
    for (let at = 0; at < restAt; at += 1) {
      const length = finder.lengthAt(text, at)
      if (length === 0) continue
      // What begins within a text that is found is no beginning.
      if (at + length > restAt) restAt = finder.beginning(text, at + length)
      at += length - 1
    }
    const masked = Buffer.from(hidden(text, finder, restAt), 'latin1')
    return { masked, rest: restAt === text.length ? null : Buffer.from(bytes.subarray(restAt)) }
  }

  /** The same, where nothing follows. */
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
