/** `runner.workflows`: the workflows of a database, and the start of executions. */

import { UsageError } from '../../errors.ts'
import { keyArgument, textArgument } from '../../model/arguments.ts'
import { type ContextText, checkedContextText, type JsonObject, toContextText } from '../../model/context.ts'
import type { ExecutionTasks, RecentExecution } from '../../model/execution-history.ts'
import { priorityArgument } from '../../model/limits/limits.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { isServed } from '../actions/action-requests.ts'
import type { EnginePorts, ExecutionStart } from '../engine-options.ts'
import type { Started } from './executions/keyed-starts.ts'
import { checkedPage, type PageOptions } from './page-options.ts'
import { SAMPLE_LIMITS, type WorkflowStats, workflowStats } from './workflows/workflow-stats.ts'
import {
  mostExecutions,
  SUMMARY_LIMITS,
  type SummaryOptions,
  type WorkflowSummary,
  workflowSummary,
} from './workflows/workflow-summaries.ts'

const USUAL_EXECUTIONS = 50

/** Starts an execution, or finds that of the key. Resolves when it is stored. */
export type Submit = (
  workflow: WorkflowDefinition,
  contextText: ContextText,
  options: ExecutionStart,
) => Promise<Started>

/** Options of `runner.workflows.submit`. */
export interface SubmitOptions {
  /** Priority, as for `runner.execute`. */
  readonly priority?: number
  /**
   * Key with which the workflow starts once: 1 to 512 bytes of UTF-8, remembered for the setting `retention.keys`. If
   * the key is known and the context is equal, nothing starts, and the id is that of the first execution.
   */
  readonly key?: string
}

/** `runner.workflows`: workflows of a database. Calls with a name throw `WORKFLOW_NOT_FOUND` if it is unknown. */
export class Workflows {
  readonly #ports: EnginePorts
  readonly #submit: Submit

  /** @internal */
  constructor(ports: EnginePorts, submit: Submit) {
    this.#ports = ports
    this.#submit = submit
  }

  /**
   * Returns all workflows that were ever served on the database, and those that this runner has loaded, also before
   * `start`: by name, each in the version that this runner has loaded, otherwise in the newest version.
   */
  async list(): Promise<readonly WorkflowDefinition[]> {
    const { store, registry } = this.#ports
    const stored = (await store.listWorkflows()).map((definition) => [definition.key, definition] as const)
    const all = new Map([...stored, ...registry.current().workflows])
    return [...all.values()].sort((one, other) => (one.key < other.key ? -1 : 1))
  }

  /** Returns a workflow in the version that this runner has loaded, otherwise in the newest version. */
  async get(workflow: string): Promise<WorkflowDefinition> {
    const name = textArgument(workflow, 'workflow')
    return this.#ports.registry.current().workflows.get(name) ?? (await knownWorkflow(this.#ports.store, name))
  }

  /** Returns durations, statuses and versions over the newest 500 executions and 10,000 attempts of a workflow. */
  async stats(workflow: string): Promise<WorkflowStats> {
    await this.get(workflow)
    return workflowStats(workflow, await this.#ports.store.history.sample(workflow, SAMPLE_LIMITS))
  }

  /** Returns the newest executions of each workflow and their statistics, by name. A page has 100 workflows. */
  async summaries({ after, ...page }: SummaryOptions = {}): Promise<readonly WorkflowSummary[]> {
    const { store } = this.#ports
    const from = after === undefined ? '' : textArgument(after, 'after')
    const definitions = await store.pageWorkflows(from, checkedPage(page).limit)
    const keys = definitions.map(({ key }) => key)
    const recent = await store.history.recent(keys, SUMMARY_LIMITS.executions)
    return definitions.map((definition) => workflowSummary(definition, recent.get(definition.key) ?? []))
  }

  /**
   * Returns the newest executions of a workflow with the states of their tasks, newest first: at most 50 unless `limit`
   * is given, and fewer for a workflow with more than 200 tasks, so that there are at most 10,000 states.
   */
  async executions(workflow: string, options: Pick<PageOptions, 'limit'> = {}): Promise<readonly ExecutionTasks[]> {
    const { tasks, key } = await this.get(workflow)
    const { limit } = checkedPage({ limit: USUAL_EXECUTIONS, ...options })
    return await this.#ports.store.history.withTasks(key, mostExecutions(limit, tasks.length))
  }

  /** Returns the newest executions of each workflow, newest first. @internal */
  async recent(workflows: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly RecentExecution[]>> {
    return await this.#ports.store.history.recent(workflows, limit)
  }

  /**
   * Returns whether an engine serves the database, or this runner has loaded workflows, which it serves after `start`.
   * True for up to 10 s after an engine on another machine dies.
   */
  async isServed(): Promise<boolean> {
    const { store, registry, clock } = this.#ports
    return registry.current().workflows.size > 0 || (await isServed(store, clock.now()))
  }

  /**
   * Stores a new execution for any engine that serves the workflow, and returns its id without waiting. Throws
   * `INVALID_CONTEXT` if the workflow's `input` rejects the context, `ACTION_REFUSED` if no engine can check it,
   * `KEY_REUSED` if the key was used with another context, and `LIMITED` if the limit of the workflow refuses it.
   */
  async submit(workflow: string, context: JsonObject = {}, options: SubmitOptions = {}): Promise<string> {
    return (await this.start(workflow, toContextText(context), options)).id
  }

  /** Stores a new execution like `submit`, with the exact JSON text of the context. */
  async submitText(workflow: string, contextText: string, options: SubmitOptions = {}): Promise<string> {
    return (await this.start(workflow, contextText, options)).id
  }

  /** Stores a new execution like `submitText`, and also returns whether the key was known. @internal */
  async start(workflow: string, contextText: string, options: SubmitOptions): Promise<Started> {
    const { key, priority } = options
    checkedContextText(contextText)
    if (key !== undefined) keyArgument(key)
    if (priority !== undefined) priorityArgument(priority)
    return await this.#submit(await this.get(workflow), contextText, options)
  }
}

/** Returns the definition of a workflow in this process, or else the newest one in the store, or null. */
export async function currentDefinition(
  { registry, store }: Pick<EnginePorts, 'registry' | 'store'>,
  workflow: string,
): Promise<WorkflowDefinition | null> {
  const declared = registry.current().workflows.get(workflow)
  return declared ?? (await store.listWorkflows([workflow]))[0] ?? null
}

/** Returns the newest version of a workflow in the store. Throws `WORKFLOW_NOT_FOUND`. */
export async function knownWorkflow(store: EnginePorts['store'], workflow: string): Promise<WorkflowDefinition> {
  const [definition] = await store.listWorkflows([workflow])
  if (definition !== undefined) return definition
  const nearest = didYouMean(
    workflow,
    (await store.listWorkflows()).map(({ key }) => key),
  )
  const message = `Workflow "${workflow}" not found in this database.${nearest}`
  throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow })
}
