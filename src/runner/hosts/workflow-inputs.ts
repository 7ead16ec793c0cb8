/** What executions begin with, as the `input` of their workflow wants it. Used wherever the Node API takes a context. */

import type { ModuleScripts } from '../../functions/module-scripts.ts'
import type { ContextText } from '../../model/context.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'

export class WorkflowInputs {
  readonly #registry: LiveRegistry
  readonly #modules: () => ModuleScripts | null

  constructor(registry: LiveRegistry, modules: () => ModuleScripts | null) {
    this.#registry = registry
    this.#modules = modules
  }

  /** The same text where nothing has to change. Throws `INVALID_CONTEXT` for what does not fit, with every problem. */
  async checked(workflow: string, contextText: ContextText): Promise<ContextText> {
    const modules = this.#modules()
    const definition = modules === null ? undefined : this.#registry.current().workflows.get(workflow)
    if (modules === null || definition === undefined) return contextText
    return await modules.checkedInput(definition.script, workflow, contextText)
  }

  /** Of what a trigger starts; null, where it fires nothing, is the empty context. */
  async checkedFor(trigger: string, contextText: ContextText | null): Promise<ContextText | null> {
    const workflow = this.#modules() === null ? undefined : this.#registry.current().triggers.get(trigger)?.workflow
    if (workflow === undefined) return contextText
    const given = contextText ?? '{}'
    const checked = await this.checked(workflow, given)
    return checked === given ? contextText : checked
  }
}
