/**
 * Counters by name. Names come from users and their number is unlimited. All names after the first 500 share one
 * entry, so that memory and the size of `/metrics` stay limited.
 */

export const OTHER = 'other'
const MAX_NAMED = 500

/** Counters by name. After 500 names, all further names share the entry `other`. */
export class NamedCounters<Counters> implements Iterable<readonly [name: string, counters: Counters]> {
  readonly #make: () => Counters
  readonly #all = new Map<string, Counters>()
  #other: Counters | null = null

  constructor(make: () => Counters) {
    this.#make = make
  }

  /** Returns the counters of a name. */
  of(name: string): Counters {
    const found = this.#all.get(name)
    if (found !== undefined) return found
    // A name "other" of a user shares the entry, because no name may appear twice.
    if (name === OTHER || this.#all.size >= MAX_NAMED) {
      this.#other ??= this.#make()
      return this.#other
    }
    const made = this.#make()
    this.#all.set(name, made)
    return made
  }

  /** Yields the entries in the order of their creation, `other` last. */
  *[Symbol.iterator](): Iterator<readonly [string, Counters]> {
    yield* this.#all
    if (this.#other !== null) yield [OTHER, this.#other]
  }
}
