/** `runner.workflows`: the workflows of a database, and orders to run them. */

import type { Engine } from '../../engine/engine.ts'
import type { Store } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import { type ContextText, checkedContextText, contextTextOf, type JsonObject } from '../../model/context.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { SAMPLE_LIMITS, type WorkflowStats, workflowStats } from './workflow-stats.ts'

/**
 * `runner.workflows`: workflows of a database. Calls with a name throw `WORKFLOW_NOT_FOUND` for an unknown workflow.
 */
export class RunnerWorkflows {
  readonly #alive: KeepAlive
  readonly #engine: Engine
  readonly #store: Store

  constructor(alive: KeepAlive, engine: Engine, store: Store) {
    this.#alive = alive
    this.#engine = engine
    this.#store = store
  }

  /** Returns all workflows that were ever served on the database, by name, each in its newest version. */
  async list(): Promise<readonly WorkflowDefinition[]> {
    using _hold = this.#alive.hold()
    return await this.#store.listWorkflows()
  }

  /** Returns the newest version of a workflow. */
  async get(workflow: string): Promise<WorkflowDefinition> {
    using _hold = this.#alive.hold()
    textArgument(workflow, 'workflow')
    const [definition] = await this.#store.listWorkflows([workflow])
    if (definition !== undefined) return definition
    const nearest = didYouMean(
      workflow,
      (await this.#store.listWorkflows()).map((each) => each.key),
    )
    const message = `Workflow "${workflow}" not found in this database.${nearest}`
    throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow })
  }

  /** Returns durations, statuses and versions over the newest 500 executions and 10,000 attempts of a workflow. */
  async stats(workflow: string): Promise<WorkflowStats> {
    using _hold = this.#alive.hold()
    await this.get(workflow)
    return workflowStats(workflow, await this.#store.history.sample(workflow, SAMPLE_LIMITS))
  }

  /**
   * Returns whether an engine serves the database. If an engine on another machine dies, the result stays true for up
   * to 30 s.
   */
  async isServed(): Promise<boolean> {
    using _hold = this.#alive.hold()
    return await this.#engine.instances.isServed()
  }

  /**
   * Stores a new execution and returns its id without waiting. Any engine that serves the workflow runs it. Throws
   * `INVALID_CONTEXT` for a context that the workflow's `input` rejects, and `ACTION_REFUSED` if no engine can check
   * the context.
   */
  async submit(workflow: string, context: JsonObject = {}): Promise<string> {
    using _hold = this.#alive.hold()
    return await this.#submit(workflow, contextTextOf(context))
  }

  /** Stores a new execution like `submit`, with the exact JSON text of the context. */
  async submitText(workflow: string, contextText: string): Promise<string> {
    using _hold = this.#alive.hold()
    return await this.#submit(workflow, checkedContextText(contextText))
  }

  async #submit(workflow: string, contextText: ContextText): Promise<string> {
    return await this.#engine.submitDefinition(await this.get(workflow), contextText)
  }
}
