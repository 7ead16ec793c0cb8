/**
 * The groups of calls that a `Runner` offers: `runner.triggers`, `.workflows`, `.executions`, `.schedules`.
 * They check names, fill in defaults, and turn rows into the values of the Node API.
 */

import type { Engine } from '../engine/engine.ts'
import type { Page, Store } from '../engine/ports.ts'
import { UsageError } from '../errors.ts'
import { numberArgument, shownValue, textArgument } from '../model/arguments.ts'
import { type ContextText, checkedContextText, contextTextOf, type JsonObject } from '../model/context.ts'
import type { ExecutionStatus, ExecutionSummary } from '../model/execution.ts'
import type { CronFiringRow, CronRow, CronStats, FiringRow, TickRow, TriggerRow } from '../model/schedule.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type { LiveRegistry } from '../registry/live-registry.ts'
import { didYouMean } from '../registry/nearest.ts'
import { type ExecutionResult, executionResult } from './results.ts'

export interface PageOptions {
  /** Default 100. */
  readonly limit?: number
  /** Default 0. */
  readonly offset?: number
}

/** A trigger's row, and whether its code is loaded here. */
export interface TriggerInfo extends TriggerRow {
  readonly isLoaded: boolean
}

const ALL = 1_000_000

function pageOf({ limit = 100, offset = 0 }: PageOptions): Page {
  for (const [name, value] of Object.entries({ limit, offset })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      const message = `"${name}" is a whole number from 0 on, but ${shownValue(value)} was given.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: name })
    }
  }
  return { limit, offset }
}

function flagArgument(value: unknown): void {
  if (typeof value === 'boolean') return
  throw new UsageError('INVALID_ARGUMENT', `"isEnabled" is true or false, but ${shownValue(value)} was given.`)
}

function cronOf(expression: unknown, timezone: unknown) {
  return { expression: textArgument(expression, 'expression'), timezone: textArgument(timezone, 'timezone') }
}

export class RunnerTriggers {
  readonly #engine: Engine
  readonly #registry: LiveRegistry

  constructor(engine: Engine, registry: LiveRegistry) {
    this.#engine = engine
    this.#registry = registry
  }

  /** Newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly TriggerInfo[]> {
    const { enabledOnly = false } = options
    const rows = await this.#engine.triggers.list({ ...pageOf(options), enabledOnly })
    return rows.map((row) => this.#info(row))
  }

  /** Throws `TRIGGER_NOT_FOUND`, with the nearest name. */
  async get(name: string): Promise<TriggerInfo> {
    const row = await this.#engine.triggers.get(textArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return this.#info(row)
  }

  /** Takes effect at once, also in another process, and survives restarts. Throws `TRIGGER_NOT_FOUND`. */
  async setEnabled(name: string, isEnabled: boolean): Promise<void> {
    textArgument(name, 'name')
    flagArgument(isEnabled)
    if (!(await this.#engine.triggers.setEnabled(name, isEnabled))) throw await this.#unknown(name)
  }

  /** Firings, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async history(name: string, options: PageOptions = {}): Promise<readonly FiringRow[]> {
    await this.get(name)
    return this.#engine.triggers.history(name, pageOf(options))
  }

  /** What every poll came to, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async ticks(name: string, options: PageOptions = {}): Promise<readonly TickRow[]> {
    await this.get(name)
    return this.#engine.triggers.ticks(name, pageOf(options))
  }

  #info(row: TriggerRow): TriggerInfo {
    return { ...row, isLoaded: this.#registry.current().triggers.has(row.name) }
  }

  async #unknown(name: string): Promise<UsageError> {
    const rows = await this.#engine.triggers.list({ limit: ALL, offset: 0, enabledOnly: false })
    const nearest = didYouMean(
      name,
      rows.map((row) => row.name),
    )
    return new UsageError('TRIGGER_NOT_FOUND', `There is no trigger "${name}" in this database.${nearest}`, {
      trigger: name,
    })
  }
}

export class RunnerWorkflows {
  readonly #engine: Engine
  readonly #store: Store

  constructor(engine: Engine, store: Store) {
    this.#engine = engine
    this.#store = store
  }

  /** Every workflow that was ever served on this database, by name: the newest definition of each. */
  async list(): Promise<readonly WorkflowDefinition[]> {
    return this.#store.listWorkflows()
  }

  /** The newest definition. Throws `WORKFLOW_NOT_FOUND`, with the nearest name. */
  async get(workflow: string): Promise<WorkflowDefinition> {
    textArgument(workflow, 'workflow')
    const definitions = await this.#store.listWorkflows()
    const definition = definitions.find((each) => each.key === workflow)
    if (definition !== undefined) return definition
    const nearest = didYouMean(
      workflow,
      definitions.map((each) => each.key),
    )
    const message = `There is no workflow "${workflow}" in this database.${nearest}`
    throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow })
  }

  /** Whether a process serves this database now, as far as one look shows. One of another machine is believed to for 30 s after its last sign of life. */
  async isServed(): Promise<boolean> {
    return this.#engine.isServed()
  }

  /** Accepts a run without waiting for it: any process that serves the workflow runs it. Returns its id. Throws `WORKFLOW_NOT_FOUND`. */
  async submit(workflow: string, context: JsonObject = {}): Promise<string> {
    return this.#submit(workflow, contextTextOf(context))
  }

  /** The same with the exact text of a context. Throws `INVALID_CONTEXT` too. */
  async submitText(workflow: string, contextText: string): Promise<string> {
    return this.#submit(workflow, checkedContextText(contextText))
  }

  async #submit(workflow: string, contextText: ContextText): Promise<string> {
    return this.#engine.submitDefinition(await this.get(workflow), contextText)
  }
}

export class RunnerExecutions {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Newest first. */
  async list(
    options: PageOptions & { readonly workflow?: string; readonly status?: ExecutionStatus } = {},
  ): Promise<readonly ExecutionSummary[]> {
    const { workflow, status } = options
    if (workflow !== undefined) textArgument(workflow, 'workflow')
    if (status !== undefined) textArgument(status, 'status')
    return this.#engine.listExecutions({
      ...pageOf(options),
      ...(workflow === undefined ? {} : { workflow }),
      ...(status === undefined ? {} : { status }),
    })
  }

  /** Throws `EXECUTION_NOT_FOUND`. */
  async get(id: string): Promise<ExecutionResult> {
    const execution = await this.#engine.getExecution(textArgument(id, 'id'))
    if (execution !== null) return executionResult(execution)
    throw new UsageError('EXECUTION_NOT_FOUND', `There is no execution "${id}" in this database.`, { executionId: id })
  }

  /**
   * Waits for the end of a run that this process or another carries out, and does nothing else: it takes and polls nothing.
   * While no process serves the workflow, it waits. Throws `EXECUTION_NOT_FOUND`.
   */
  async wait(id: string): Promise<ExecutionResult> {
    return executionResult(await this.#engine.waitFor(textArgument(id, 'id')))
  }
}

/** Cron schedules. */
export class RunnerSchedules {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Returns the schedule's id. Throws `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async register(workflow: string, expression: string, timezone = 'UTC'): Promise<string> {
    textArgument(workflow, 'workflow')
    return this.#engine.crons.register(workflow, cronOf(expression, timezone))
  }

  /** Newest first. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly CronRow[]> {
    return this.#engine.crons.list({ ...pageOf(options), enabledOnly: options.enabledOnly ?? false })
  }

  /** Throws `SCHEDULE_NOT_FOUND`. */
  async get(id: string): Promise<CronRow> {
    return this.#engine.crons.get(textArgument(id, 'id'))
  }

  /** Throws `SCHEDULE_NOT_FOUND`, `INVALID_CRON` or `INVALID_TIMEZONE`. */
  async update(id: string, expression: string, timezone = 'UTC'): Promise<void> {
    await this.#engine.crons.update(textArgument(id, 'id'), cronOf(expression, timezone))
  }

  async setEnabled(id: string, isEnabled: boolean): Promise<void> {
    flagArgument(isEnabled)
    await this.#engine.crons.setEnabled(textArgument(id, 'id'), isEnabled)
  }

  async delete(id: string): Promise<void> {
    await this.#engine.crons.delete(textArgument(id, 'id'))
  }

  /** Firings, newest first. */
  async history(id: string, options: PageOptions = {}): Promise<readonly CronFiringRow[]> {
    return this.#engine.crons.history(textArgument(id, 'id'), pageOf(options))
  }

  async stats(sinceAt: number): Promise<CronStats> {
    return this.#engine.crons.stats(numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER))
  }
}
