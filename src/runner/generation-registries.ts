/** Registry of each generation of a script, for the runners that it opens. A program has one. Used by `assembly.ts`. */

import type { GenerationNumber } from '../border/protocol.ts'
import type { Declarations } from '../model/declarations.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import type { RegistryProblem } from '../registry/registry.ts'

export class GenerationRegistries {
  readonly #ofProgram: LiveRegistry | null
  readonly #registries = new Map<GenerationNumber, LiveRegistry>()
  /** Registries whose declarations are in use immediately, because they run workflows while they are loaded. */
  readonly #shared = new Map<GenerationNumber, LiveRegistry>()

  constructor(ofProgram: LiveRegistry | null) {
    this.#ofProgram = ofProgram
  }

  of(generation: GenerationNumber): LiveRegistry {
    if (this.#ofProgram !== null) return this.#ofProgram
    let registry = this.#registries.get(generation)
    if (registry === undefined) {
      registry = new LiveRegistry()
      this.#registries.set(generation, registry)
    }
    return registry
  }

  declare(generation: GenerationNumber, declarations: Declarations): readonly RegistryProblem[] {
    this.#shared.get(generation)?.declare(declarations)
    return this.of(generation).declare(declarations)
  }

  /** Puts the declarations of the generation, earlier and later ones, into use in another registry. */
  share(generation: GenerationNumber, registry: LiveRegistry): void {
    if (this.#ofProgram !== null || this.#shared.has(generation)) return
    this.#shared.set(generation, registry)
    const { triggers, workflows, limits, graphs } = this.of(generation).current()
    registry.declare({
      triggers: [...triggers.values()],
      workflows: [...workflows.values()],
      limits: [...limits.values()],
      graphs: {
        sources: [...graphs.sources.values()],
        badSources: [],
        reactors: [...graphs.reactors.values()],
        graphs: [...graphs.graphs.values()],
      },
    })
  }

  forget(generation: GenerationNumber): void {
    this.#registries.delete(generation)
    this.#shared.delete(generation)
  }
}
