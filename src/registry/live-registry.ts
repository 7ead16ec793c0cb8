/**
 * Registry that changes while the engine runs: scripts are loaded, reloaded and removed, and a program may declare
 * thousands of triggers in batches. Owned by the runner; the engine reads `current()`. The cost of a batch depends on
 * its own size. Maps are copied at the first read after a change, and returned maps never change.
 */

import type { Declarations, GraphDeclarations } from '../model/declarations.ts'
import type { LimitDefinition } from '../model/limits/limits.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { DeclaredNames } from './declared-names.ts'
import { DeclaredGraphNames } from './graph-registry.ts'
import {
  checkWorkflow,
  duplicateTrigger,
  duplicateWorkflow,
  EMPTY_REGISTRY,
  limitConflict,
  type Registry,
  type RegistryProblem,
} from './registry.ts'

export interface RegistrySource {
  current(): Registry
  /** Calls back after each change, in the same tick of the event loop. Returns a function that unsubscribes. */
  onChange(callback: () => void): () => void
}

export class LiveRegistry implements RegistrySource {
  readonly #triggers = new DeclaredNames<TriggerDefinition>()
  readonly #workflows = new DeclaredNames<WorkflowDefinition>()
  readonly #limits = new DeclaredNames<LimitDefinition>()
  readonly #graphs = new DeclaredGraphNames()
  /** Order in which scripts were added. */
  readonly #ranks = new Map<string, number>()
  #lastRank = 0
  /**
   * Order in which scripts last declared limits. The newest declaration of a limit applies, because a script that was
   * not loaded again may have an old version of a module with limits.
   */
  readonly #limitRanks = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #awaitsWorkflows = false
  #current: Registry | null = EMPTY_REGISTRY

  current(): Registry {
    this.#current ??= this.#snapshot()
    return this.#current
  }

  /**
   * While scripts are still being loaded, triggers without a workflow are not used, because they would start nothing.
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
      limits: new Map(this.#limits.inUse),
      graphs: this.#graphs.snapshot(!this.#awaitsWorkflows),
    })
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback)
    return () => void this.#listeners.delete(callback)
  }

  /**
   * Adds valid declarations, and returns all problems. A later declaration of a name replaces an earlier one of the
   * same script. The workflow of a trigger may be declared later: see `unboundTriggers`.
   */
  declare({ triggers, workflows, limits = [], graphs }: Declarations): readonly RegistryProblem[] {
    const problems: RegistryProblem[] = []
    for (const limit of limits) problems.push(...this.#declareLimit(Object.freeze(limit)))
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

  /** Returns the first limit in the declarations of a new script that a loaded one has declared with other values. */
  conflictOfNew({ limits = [] }: Declarations): RegistryProblem | null {
    for (const limit of limits) {
      const other = this.#limits.inUse.get(limit.name)
      const problem = other === undefined || other.script === limit.script ? null : limitConflict(limit, other, other)
      if (problem !== null) return problem
    }
    return null
  }

  /** Replaces the declarations of a script, in one change. */
  replaceScript(script: string, declarations: Declarations): readonly RegistryProblem[] {
    this.#forget(script)
    return this.declare(declarations)
  }

  removeScript(script: string): void {
    this.#forget(script)
    this.#ranks.delete(script)
    this.#limitRanks.delete(script)
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

  #declareLimit(limit: LimitDefinition): readonly RegistryProblem[] {
    const { name, script } = limit
    this.#place(script)
    this.#limitRanks.set(script, ++this.#lastRank)
    const other = this.#limits.declare(name, limit, (each) => this.#limitRanks.get(each) ?? 0)
    const inUse = this.#limits.inUse.get(name) ?? limit
    const problem = other && limitConflict(limit, other, inUse)
    return problem === null ? [] : [problem]
  }

  #declareGraphs(graphs: GraphDeclarations): readonly RegistryProblem[] {
    for (const { script } of [...graphs.sources, ...graphs.reactors, ...graphs.graphs]) this.#place(script)
    return this.#graphs.declare(graphs, this.#rankOf)
  }

  readonly #rankOf = (script: string): number => this.#ranks.get(script) ?? 0

  #place(script: string): void {
    if (!this.#ranks.has(script)) this.#ranks.set(script, ++this.#lastRank)
  }

  #forget(script: string): void {
    this.#triggers.forget(script)
    this.#workflows.forget(script)
    this.#limits.forget(script)
    this.#graphs.forget(script)
  }

  #changed(): void {
    this.#current = null
    for (const listener of this.#listeners) listener()
  }
}
