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

export class RunnerWorkflows {
  readonly #alive: KeepAlive
  readonly #engine: Engine
  readonly #store: Store

  constructor(alive: KeepAlive, engine: Engine, store: Store) {
    this.#alive = alive
    this.#engine = engine
    this.#store = store
  }

  /** Every workflow that was ever served on this database, by name: the newest definition of each. */
  async list(): Promise<readonly WorkflowDefinition[]> {
    using _hold = this.#alive.hold()
    return await this.#store.listWorkflows()
  }

  /** The newest definition. Throws `WORKFLOW_NOT_FOUND`, with the nearest name. */
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

  /**
   * How long it and its tasks took, how they ended, and in which versions, over its newest 500 executions and their newest
   * 10,000 attempts. Throws `WORKFLOW_NOT_FOUND`.
   */
  async stats(workflow: string): Promise<WorkflowStats> {
    using _hold = this.#alive.hold()
    await this.get(workflow)
    return workflowStats(workflow, await this.#store.history.sample(workflow, SAMPLE_LIMITS))
  }

  /** Whether a process serves this database now, as far as one look shows. One of another machine is believed to for 30 s after its last sign of life. */
  async isServed(): Promise<boolean> {
    using _hold = this.#alive.hold()
    return await this.#engine.instances.isServed()
  }

  /**
   * Accepts a run without waiting for it: any process that serves the workflow runs it. Returns its id. Throws `WORKFLOW_NOT_FOUND`,
   * `INVALID_CONTEXT` for a context that the `input` of the workflow refuses, and `ACTION_REFUSED` if it has an `input` and no engine that
   * serves it can check the context.
   */
  async submit(workflow: string, context: JsonObject = {}): Promise<string> {
    using _hold = this.#alive.hold()
    return await this.#submit(workflow, contextTextOf(context))
  }

  /** The same with the exact text of a context. Throws `INVALID_CONTEXT` too. */
  async submitText(workflow: string, contextText: string): Promise<string> {
    using _hold = this.#alive.hold()
    return await this.#submit(workflow, checkedContextText(contextText))
  }

  async #submit(workflow: string, contextText: ContextText): Promise<string> {
    return await this.#engine.submitDefinition(await this.get(workflow), contextText)
  }
}
