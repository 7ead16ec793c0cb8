/**
 * Finds any of many texts in another one, in time independent of their number: looks up two characters, then the first
 * six. Pure; used by `masks.ts`.
 */

export const MIN_TEXT_LENGTH = 6
const PAIRS = 65_536

export class TextFinder {
  readonly #byHead = new Map<string, string[]>()
  readonly #pairs = new Uint8Array(PAIRS)
  /** All that is shorter than a head and begins one: of texts of one line, and of the others. */
  readonly #lineStarts = new Set<string>()
  readonly #textStarts = new Set<string>()
  #longestLine = 0
  #longestText = 0

  constructor(texts: Iterable<string>) {
    for (const text of texts) this.#add(text)
    for (const sharing of this.#byHead.values()) sharing.sort((one, other) => other.length - one.length)
  }

  #add(text: string): void {
    const head = text.slice(0, MIN_TEXT_LENGTH)
    const sharing = this.#byHead.get(head)
    if (sharing === undefined) this.#byHead.set(head, [text])
    else sharing.push(text)
    this.#pairs[pairAt(text, 0)] = 1
    const isLine = !text.includes('\n')
    const starts = isLine ? this.#lineStarts : this.#textStarts
    for (let length = 1; length < MIN_TEXT_LENGTH; length += 1) starts.add(text.slice(0, length))
    if (isLine) this.#longestLine = Math.max(this.#longestLine, text.length)
    else this.#longestText = Math.max(this.#longestText, text.length)
  }

  /** Returns the length of the longest text at this place; 0 for none. */
  lengthAt(text: string, at: number): number {
    if (this.#pairs[pairAt(text, at)] !== 1) return 0
    for (const found of this.#byHead.get(text.slice(at, at + MIN_TEXT_LENGTH)) ?? [])
      if (text.startsWith(found, at)) return found.length
    return 0
  }

  /** Returns where, from `from` on, an incomplete text begins at the end; the text's length for none. */
  beginning(text: string, from: number): number {
    // Nothing of one line begins before the last end of a line.
    const line = Math.max(from, text.lastIndexOf('\n') + 1, text.length - this.#longestLine + 1)
    const first = Math.max(from, text.length - this.#longestText + 1)
    for (let at = Math.min(line, first); at < text.length; at += 1) if (this.#mayGrow(text, at, at >= line)) return at
    return text.length
  }

  #mayGrow(text: string, at: number, isLine: boolean): boolean {
    const left = text.length - at
    if (left < MIN_TEXT_LENGTH) {
      const end = text.slice(at)
      return (isLine && this.#lineStarts.has(end)) || this.#textStarts.has(end)
    }
    if (this.#pairs[pairAt(text, at)] !== 1) return false
    const sharing = this.#byHead.get(text.slice(at, at + MIN_TEXT_LENGTH)) ?? []
    return sharing.some((longer) => longer.length > left && longer.startsWith(text.slice(at)))
  }
}

function pairAt(text: string, at: number): number {
  // NaN behind the end, which is 0 here.
  return ((text.charCodeAt(at) << 8) ^ text.charCodeAt(at + 1)) & (PAIRS - 1)
}
