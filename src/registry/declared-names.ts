/**
 * Declarations by name, for triggers or workflows. Owned by `LiveRegistry`. If several scripts declare a name, the
 * script that was added last takes precedence, also after reloads. If it is removed, the next one applies.
 */

interface Declared {
  readonly script: string
}

export class DeclaredNames<Definition extends Declared> {
  readonly #inUse = new Map<string, Definition>()
  /** Declarations of the other scripts, by name. */
  readonly #others = new Map<string, readonly Definition[]>()

  get inUse(): ReadonlyMap<string, Definition> {
    return this.#inUse
  }

  /** Sets a script's declaration. Returns that of another script for the name. `rankOf`: place in their order. */
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

  /** Returns all declarations of a name. The one that applies is last. */
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
