/**
 * Hides texts: in a text, in JSON, and in bytes that come piece by piece. Made by `secret-masks.ts` of the secrets that an execution
 * was given.
 */

import { formsOf } from './secret-forms.ts'

const SHOWN = '***'
/** A context that has a shorter one has it by chance: the name of a host, say. */
const TELLING_CHARACTERS = 12

export class Masks {
  readonly #values = new Set<string>()
  readonly #forms = new Set<string>()
  #patterns: Patterns | null = null

  /** Values that are too short are not hidden. */
  add(values: readonly string[]): void {
    for (const value of values) {
      if (this.#values.has(value)) continue
      this.#values.add(value)
      for (const form of formsOf(value)) this.#forms.add(form)
      this.#patterns = null
    }
  }

  get isEmpty(): boolean {
    return this.#forms.size === 0
  }

  inText(text: string): string {
    return this.isEmpty ? text : text.replace(this.#compiled().text, SHOWN)
  }

  /** In the texts of a JSON value, which stays JSON. */
  inJson(json: string): string {
    return this.isEmpty ? json : json.replace(this.#compiled().json, (_, escaped?: string) => escaped ?? SHOWN)
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
    const { bytes: pattern, beginnings } = this.#compiled()
    const text = bytes.toString('latin1')
    let restAt = beginnings.in(text, 0)
    for (const { index, 0: found } of text.matchAll(pattern)) {
      const end = index + found.length
      if (index < restAt && restAt < end) restAt = beginnings.in(text, end)
    }
    const masked = Buffer.from(text.slice(0, restAt).replace(pattern, SHOWN), 'latin1')
    return { masked, rest: restAt === text.length ? null : Buffer.from(bytes.subarray(restAt)) }
  }

  /** The same, where nothing follows. */
  inLastBytes(bytes: Buffer): Buffer {
    if (this.isEmpty) return bytes
    return Buffer.from(bytes.toString('latin1').replace(this.#compiled().bytes, SHOWN), 'latin1')
  }

  #compiled(): Patterns {
    this.#patterns ??= compiled(this.#forms)
    return this.#patterns
  }
}

interface Patterns {
  readonly text: RegExp
  /** Its one group is an escape sequence that is nothing of what is hidden. */
  readonly json: RegExp
  /** Of texts with a character for each byte. */
  readonly bytes: RegExp
  readonly beginnings: Beginnings
}

function compiled(forms: ReadonlySet<string>): Patterns {
  // Of several that begin at the same place the longest is found.
  const all = [...forms].sort((one, other) => other.length - one.length)
  const inBytes = all.map((form) => Buffer.from(form).toString('latin1'))
  const inJson = new Set(all.map((form) => JSON.stringify(form).slice(1, -1)))
  return {
    text: new RegExp(anyOf(all), 'g'),
    // An escape sequence is taken whole, so that nothing is found that begins within one.
    json: new RegExp(`${anyOf([...inJson])}|(\\\\(?:u[0-9a-f]{4}|.))`, 'g'),
    bytes: new RegExp(anyOf(inBytes), 'g'),
    beginnings: new Beginnings(inBytes),
  }
}

function anyOf(texts: readonly string[]): string {
  return `(?:${texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`
}

/** Finds the beginning of a form at the end of a text. */
class Beginnings {
  /** Those of one line, of which none begins before the last end of a line, and the others. */
  readonly #lines: readonly string[]
  readonly #texts: readonly string[]

  constructor(forms: readonly string[]) {
    this.#lines = forms.filter((form) => !form.includes('\n'))
    this.#texts = forms.filter((form) => form.includes('\n'))
  }

  /** Where the end of the text begins that may become a form, at `from` or later; the text's length for none. */
  in(text: string, from: number): number {
    const lastLine = Math.max(from, text.lastIndexOf('\n') + 1)
    return Math.min(beginningOfOne(this.#texts, text, from), beginningOfOne(this.#lines, text, lastLine))
  }
}

function beginningOfOne(forms: readonly string[], text: string, from: number): number {
  let first = text.length
  for (const form of forms) {
    const start = form.charAt(0)
    for (let at = text.indexOf(start, Math.max(from, text.length - form.length + 1)); at !== -1 && at < first; ) {
      if (form.startsWith(text.slice(at))) first = at
      at = text.indexOf(start, at + 1)
    }
  }
  return first
}
