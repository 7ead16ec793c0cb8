/**
 * The registry as it grows: scripts are loaded, reloaded and dropped while the engine runs, and a program may declare
 * thousands of triggers, one batch after the other. Held by the runner; the engine reads `current()`.
 * A batch costs its own size; the maps are copied only when somebody looks after a change, and what was handed out
 * never changes.
 */

import type { TriggerDefinition } from '../model/trigger.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { type Declarations, EMPTY_REGISTRY, type Registry, type RegistryProblem, unsafeDeclare } from './registry.ts'

/** Where the engine looks for what the code declares now. */
export interface RegistrySource {
  current(): Registry
  /** Calls back after each change, in the same turn. Returns the end of it. */
  onChange(callback: () => void): () => void
}

export class LiveRegistry implements RegistrySource {
  readonly #triggers = new Map<string, TriggerDefinition>()
  readonly #workflows = new Map<string, WorkflowDefinition>()
  readonly #listeners = new Set<() => void>()
  #current: Registry | null = EMPTY_REGISTRY

  current(): Registry {
    this.#current ??= Object.freeze({ triggers: new Map(this.#triggers), workflows: new Map(this.#workflows) })
    return this.#current
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback)
    return () => void this.#listeners.delete(callback)
  }

  /** Adds a batch; a later declaration of a name replaces an earlier one. Returns everything that is wrong with it. */
  declare(declarations: Declarations): readonly RegistryProblem[] {
    const problems = unsafeDeclare(this.#triggers, this.#workflows, declarations)
    this.#changed()
    return problems
  }

  /** Forgets what a script declared, then adds what it declares now: one change. */
  replaceScript(script: string, declarations: Declarations): readonly RegistryProblem[] {
    this.#forget(script)
    return this.declare(declarations)
  }

  removeScript(script: string): void {
    this.#forget(script)
    this.#changed()
  }

  #forget(script: string): void {
    for (const [name, trigger] of this.#triggers) if (trigger.script === script) this.#triggers.delete(name)
    for (const [key, workflow] of this.#workflows) if (workflow.script === script) this.#workflows.delete(key)
  }

  #changed(): void {
    this.#current = null
    for (const listener of this.#listeners) listener()
  }
}
