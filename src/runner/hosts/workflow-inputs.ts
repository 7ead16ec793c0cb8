/** Checks initial contexts by the `input` of workflows that are loaded here. Called by the engine, and for firings. */

import type { ModuleScripts } from '../../functions/module-scripts.ts'
import { type ContextText, EMPTY_CONTEXT } from '../../model/context.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'

export class WorkflowInputs {
  readonly #registry: LiveRegistry
  readonly #modules: () => ModuleScripts | null

  constructor(registry: LiveRegistry, modules: () => ModuleScripts | null) {
    this.#registry = registry
    this.#modules = modules
  }

  /** Checks a context as `InputCheck` describes. `INVALID_CONTEXT` names every problem. */
  async checked(workflow: string, contextText: ContextText): Promise<ContextText | null> {
    const modules = this.#modules()
    const definition = this.#registry.current().workflows.get(workflow)
    if (definition?.checksInput !== true) return definition === undefined ? null : contextText
    return (await modules?.checkedInput(definition.script, workflow, contextText)) ?? null
  }

  /** Returns whether firings must be checked: the workflow has a schema, or is not declared yet. */
  mayCheck(trigger: string): boolean {
    const { triggers, workflows } = this.#registry.current()
    const definition = workflows.get(triggers.get(trigger)?.workflow ?? '')
    return definition === undefined || definition.checksInput === true
  }

  /** Checks the context of a firing. Null is checked as the empty context. */
  async checkedFor(trigger: string, contextText: ContextText | null): Promise<ContextText | null> {
    const workflow = this.#modules() === null ? undefined : this.#registry.current().triggers.get(trigger)?.workflow
    if (workflow === undefined) return contextText
    const given = contextText ?? EMPTY_CONTEXT
    const checked = (await this.checked(workflow, given)) ?? given
    return checked === given ? contextText : checked
  }
}
