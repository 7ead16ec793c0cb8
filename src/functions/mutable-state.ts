/**
 * State of a trigger in one poll: the object that its function changes, and the JSON text after the poll. Top-level
 * members that stay equal keep their numbers exactly.
 */

import { memberTexts, textWithMembers } from '../authoring/json-text.ts'
import { parseExactly } from '../model/context.ts'

type Members = Readonly<Record<string, unknown>>

export class MutableState {
  readonly values: object
  readonly #text: string
  readonly #maxBytes: number

  constructor(text: string, maxBytes: number) {
    this.values = JSON.parse(text)
    this.#text = text
    this.#maxBytes = maxBytes
  }

  /** Returns the text after the poll, which is the same text if nothing changed. Throws if it cannot be stored. */
  textAfterPoll(): string {
    const members = memberTexts(this.values, 'state')
    const changed = textWithMembers(members)
    // The stored text may spell numbers in another way.
    if (changed === this.#text || changed === JSON.stringify(JSON.parse(this.#text))) return this.#text
    const [before, exact] = [JSON.parse(this.#text) as Members, parseExactly(this.#text) as Members]
    const isEqual = (key: string, text: string) => Object.hasOwn(before, key) && text === JSON.stringify(before[key])
    const text = textWithMembers(
      new Map([...members].map(([key, text]) => [key, isEqual(key, text) ? JSON.stringify(exact[key]) : text])),
    )
    const bytes = Buffer.byteLength(text)
    if (bytes > this.#maxBytes) throw new RangeError(tooLarge(this.values, bytes, this.#maxBytes))
    return text
  }
}

function tooLarge(values: object, bytes: number, maxBytes: number): string {
  const { path, size } = largestPart(values, bytes)
  const where = path === 'state' ? '' : `, and ${path} has ${formatted(size)} of them`
  return `it has ${formatted(bytes)} bytes of JSON, but limits.trigger-state allows ${formatted(maxBytes)}${where}`
}

/** Returns the deepest part that is more than half of the state. */
function largestPart(values: object, bytes: number): { readonly path: string; readonly size: number } {
  let [path, size, part] = ['state', bytes, values as unknown]
  for (;;) {
    const members = typeof part === 'object' && part !== null ? Object.entries(part) : []
    const sizes = members.map(([key, member]) => [key, member, Buffer.byteLength(JSON.stringify(member))] as const)
    const largest = sizes.find(([, , memberSize]) => memberSize > bytes / 2)
    if (largest === undefined) return { path, size }
    path += Array.isArray(part) ? `[${largest[0]}]` : `[${JSON.stringify(largest[0])}]`
    part = largest[1]
    size = largest[2]
  }
}

function formatted(count: number): string {
  return count.toLocaleString('en-US')
}
