/**
 * Names with what scripts declare by them. Held by `LiveRegistry`, one for triggers and one for workflows. When several
 * scripts declare a name, that of the script which came last counts, whoever is loaded anew meanwhile; those of the others are
 * remembered, and the next one counts when that script is removed.
 */

interface Declared {
  /** Whose it is. */
  readonly script: string
}

export class DeclaredNames<Definition extends Declared> {
  readonly #inUse = new Map<string, Definition>()
  /** By name: what other scripts declare by it. */
  readonly #others = new Map<string, readonly Definition[]>()

  get inUse(): ReadonlyMap<string, Definition> {
    return this.#inUse
  }

  /** A later declaration of a script replaces its earlier one. Returns what another script declares by the name. `rankOf`: the place of a script in their order. */
  declare(name: string, definition: Definition, rankOf: (script: string) => number): Definition | null {
    const present = this.#inUse.get(name)
    if (present === undefined || (present.script === definition.script && !this.#others.has(name))) {
      this.#inUse.set(name, definition)
      return null
    }
    const others = this.#allOf(name).filter(({ script }) => script !== definition.script)
    this.#put(
      name,
      [...others, definition].sort((one, other) => rankOf(one.script) - rankOf(other.script)),
    )
    return others.at(-1) ?? null
  }

  forget(script: string): void {
    for (const [name, definition] of this.#inUse) {
      if (definition.script === script && !this.#others.has(name)) this.#inUse.delete(name)
    }
    for (const name of this.#others.keys()) {
      this.#put(
        name,
        this.#allOf(name).filter((each) => each.script !== script),
      )
    }
  }

  /** The one that counts comes last. */
  #allOf(name: string): readonly Definition[] {
    const present = this.#inUse.get(name)
    return [...(this.#others.get(name) ?? []), ...(present === undefined ? [] : [present])]
  }

  #put(name: string, definitions: readonly Definition[]): void {
    const last = definitions.at(-1)
    if (last === undefined) this.#inUse.delete(name)
    else this.#inUse.set(name, last)
    if (definitions.length > 1) this.#others.set(name, definitions.slice(0, -1))
    else this.#others.delete(name)
  }
}
