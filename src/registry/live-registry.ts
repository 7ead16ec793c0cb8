/**
 * The registry as it grows: scripts are loaded, reloaded and dropped while the engine runs, and a program may declare
 * thousands of triggers, one batch after the other. Held by the runner; the engine reads `current()`.
 * A batch costs its own size; the maps are copied only when somebody looks after a change, and what was handed out
 * never changes.
 */

import type { Declarations, GraphDeclarations } from '../model/declarations.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { DeclaredNames } from './declared-names.ts'
import { DeclaredGraphNames } from './graph-registry.ts'
import {
  checkWorkflow,
  duplicateTrigger,
  duplicateWorkflow,
  EMPTY_REGISTRY,
  type Registry,
  type RegistryProblem,
} from './registry.ts'

/** Where the engine looks for what the code declares now. */
export interface RegistrySource {
  current(): Registry
  /** Calls back after each change, in the same tick of the event loop. Returns the end of it. */
  onChange(callback: () => void): () => void
}

export class LiveRegistry implements RegistrySource {
  readonly #triggers = new DeclaredNames<TriggerDefinition>()
  readonly #workflows = new DeclaredNames<WorkflowDefinition>()
  readonly #graphs = new DeclaredGraphNames()
  /** By script: its place in the order in which they came. */
  readonly #ranks = new Map<string, number>()
  #lastRank = 0
  readonly #listeners = new Set<() => void>()
  #awaitsWorkflows = false
  #current: Registry | null = EMPTY_REGISTRY

  current(): Registry {
    this.#current ??= this.#snapshot()
    return this.#current
  }

  /**
   * Whether scripts are still on their way. Until they are there, a trigger without its workflow is not in use: what it fired
   * would start nothing.
   */
  awaitWorkflows(isAwaiting: boolean): void {
    this.#awaitsWorkflows = isAwaiting
    this.#changed()
  }

  #snapshot(): Registry {
    const workflows = new Map(this.#workflows.inUse)
    const all = [...this.#triggers.inUse]
    const triggers = this.#awaitsWorkflows ? all.filter(([, { workflow }]) => workflows.has(workflow)) : all
    return Object.freeze({
      triggers: new Map(triggers),
      workflows,
      graphs: this.#graphs.snapshot(!this.#awaitsWorkflows),
    })
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback)
    return () => void this.#listeners.delete(callback)
  }

  /**
   * Adds a batch; a later declaration of a name replaces an earlier one of the same script. Returns everything that is wrong with
   * it; what is good is in use. A trigger without its workflow is no problem yet, since the workflow may be declared
   * later: see `unboundTriggers`.
   */
  declare({ triggers, workflows, graphs }: Declarations): readonly RegistryProblem[] {
    const problems: RegistryProblem[] = []
    for (const workflow of workflows) {
      const checked = checkWorkflow(workflow)
      if (checked.definition === null) problems.push(...checked.problems)
      else problems.push(...this.#declareWorkflow(checked.definition))
    }
    for (const trigger of triggers) problems.push(...this.#declareTrigger(Object.freeze(trigger)))
    if (graphs !== undefined) problems.push(...this.#declareGraphs(graphs))
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
    this.#ranks.delete(script)
    this.#changed()
  }

  #declareWorkflow(workflow: WorkflowDefinition): readonly RegistryProblem[] {
    const { key, script } = workflow
    this.#place(script)
    const other = this.#workflows.declare(key, workflow, this.#rankOf)
    const inUse = this.#workflows.inUse.get(key) ?? workflow
    const problem = other && duplicateWorkflow(workflow, other, inUse)
    return problem === null ? [] : [problem]
  }

  #declareTrigger(trigger: TriggerDefinition): readonly RegistryProblem[] {
    const { name, script } = trigger
    this.#place(script)
    const other = this.#triggers.declare(name, trigger, this.#rankOf)
    const inUse = this.#triggers.inUse.get(name) ?? trigger
    const problem = other && duplicateTrigger(trigger, other, inUse)
    return problem === null ? [] : [problem]
  }

  #declareGraphs(graphs: GraphDeclarations): readonly RegistryProblem[] {
    for (const { script } of [...graphs.sources, ...graphs.reactors, ...graphs.graphs]) this.#place(script)
    return this.#graphs.declare(graphs, this.#rankOf)
  }

  readonly #rankOf = (script: string): number => this.#ranks.get(script) ?? 0

  /** A script keeps its place until it is removed. */
  #place(script: string): void {
    if (!this.#ranks.has(script)) this.#ranks.set(script, ++this.#lastRank)
  }

  #forget(script: string): void {
    this.#triggers.forget(script)
    this.#workflows.forget(script)
    this.#graphs.forget(script)
  }

  #changed(): void {
    this.#current = null
    for (const listener of this.#listeners) listener()
  }
}
