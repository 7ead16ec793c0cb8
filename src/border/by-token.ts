/**
 * Values by token. Thousands may be added and removed per second. A Map allocates a new table every few hundred
 * changes, and a table in old space keeps its former values alive until the next full collection (V8 14: half of the
 * objects that polls allocate). So the newest values are in one array, and only long-lived values are in a Map.
 */

import type { StackToken } from './protocol.ts'

/** A power of two, with room for the polls of one burst. */
const PLACES = 1_024

export class TokenMap<Value extends object> {
  readonly #tokens = new Int32Array(PLACES)
  readonly #values = new Array<Value | undefined>(PLACES).fill(undefined)
  readonly #older = new Map<StackToken, Value>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(token: StackToken): Value | undefined {
    const place = token & (PLACES - 1)
    return this.#tokens[place] === token ? this.#values[place] : this.#older.get(token)
  }

  /** The token must not be in it. */
  add(token: StackToken, value: Value): void {
    const place = token & (PLACES - 1)
    const older = this.#values[place]
    if (older !== undefined) this.#older.set(this.#tokens[place] ?? 0, older)
    this.#tokens[place] = token
    this.#values[place] = value
    this.#size += 1
  }

  delete(token: StackToken): boolean {
    const place = token & (PLACES - 1)
    const isHere = this.#tokens[place] === token && this.#values[place] !== undefined
    if (isHere) this.#values[place] = undefined
    else if (!this.#older.delete(token)) return false
    this.#size -= 1
    return true
  }

  clear(): void {
    this.#values.fill(undefined)
    this.#older.clear()
    this.#size = 0
  }

  entries(): readonly (readonly [StackToken, Value])[] {
    const entries = [...this.#older]
    for (const [place, value] of this.#values.entries()) {
      if (value !== undefined) entries.push([this.#tokens[place] ?? 0, value])
    }
    return entries.sort(([one], [other]) => one - other)
  }
}
