/** `runner.triggers`: what the database knows of triggers, and which of them are polled. */

import type { Engine } from '../../engine/engine.ts'
import type { Page, TickFilter } from '../../engine/ports.ts'
import type { FireReport, PollNowResult } from '../../engine/steering/trigger-steering.ts'
import { UsageError } from '../../errors.ts'
import type { ActionRow } from '../../model/action.ts'
import { flagArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import { type ContextText, checkedContextText, contextTextOf, type JsonObject } from '../../model/context.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { ActivityBar, LastTicks } from '../../model/history.ts'
import { type LogRecord, logRecords } from '../../model/log.ts'
import type { Catchup, TriggerOverrides } from '../../model/policy.ts'
import type { CronRow, FiringRow, TickOutcome, TickRow, TriggerRow } from '../../model/schedule.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import type { LiveRegistry } from '../../registry/live-registry.ts'
import { didYouMean, MAX_COMPARED_NAMES } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { cronProblem } from '../records/schedules.ts'
import { checkedCatchup, checkedSettings } from '../trigger-settings.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, type PageOptions, pageAfterOf, pageOf } from './page.ts'
import { followedPollLogs, type PollLogOptions, type PollLogRecords, pollLogs } from './poll-logs.ts'
import { checkedTrend } from './trend-options.ts'

/** Polled trigger with facts about its code. */
export interface TriggerInfo extends TriggerRow {
  /** Whether a loaded script of this runner declares the trigger. */
  readonly isLoaded: boolean
  /** Docstring of its function. Null if there is none, or if the trigger is not loaded. */
  readonly description: string | null
  /** Place of the declaration. Null if the trigger is not loaded. */
  readonly place: SourcePlace | null
}

/** Cron trigger with its schedule. */
export interface CronTriggerInfo extends CronRow {
  readonly triggerName: string
  /** Reason why the trigger never fires: an invalid expression or time zone. Null if both are valid. */
  readonly problem: string | null
}

/** Options of `runner.triggers.fire`. */
export interface FireOptions extends ActionOptions {
  /** Whether to start the workflow despite deduplication and `maxActive`. Default: false. */
  readonly force?: boolean
}

/** Filter of recorded polls. All given conditions must apply. */
export interface TickListOptions extends PageOptions {
  /** Outcomes of the ticks. */
  readonly outcomes?: readonly TickOutcome[]
  /** Earliest end of the tick, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Ticks must start before this time, in milliseconds since 1970. */
  readonly untilAt?: number
  /** Last tick of the previous page. */
  readonly after?: Pick<TickRow, 'id' | 'lastAt'>
}

/** Period of `runner.triggers.trend`. */
export interface TriggerTrendOptions {
  /** Start of the period, in milliseconds since 1970. Default: one hour before the end. */
  readonly sinceAt?: number
  /** End of the period, in milliseconds since 1970. Default: now. */
  readonly untilAt?: number
  /** Number of parts of the period, 1 to 500. Default: 30. */
  readonly bars?: number
}

/** Recorded poll with its error and log. */
export interface TickInfo extends TickRow {
  /** Error of the poll with the traceback, or null. */
  readonly error: PythonFault | null
  /** Output and log records of the poll. */
  readonly records: readonly LogRecord[]
}

const HOUR_MS = 3_600_000

/** `runner.triggers`: triggers. Calls with a name throw `TRIGGER_NOT_FOUND` for an unknown trigger. */
export class RunnerTriggers {
  readonly #alive: KeepAlive
  readonly #engine: Engine
  readonly #registry: LiveRegistry

  constructor(alive: KeepAlive, engine: Engine, registry: LiveRegistry) {
    this.#alive = alive
    this.#engine = engine
    this.#registry = registry
  }

  /** Returns the polled triggers, newest first. `listCron` returns the others. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly TriggerInfo[]> {
    using _hold = this.#alive.hold()
    const { enabledOnly = false } = options
    const rows = await this.#engine.triggers.list({ ...pageOf(options), enabledOnly })
    return rows.map((row) => this.#info(row))
  }

  /** Returns the cron triggers, newest first, including those with an invalid expression. */
  async listCron(): Promise<readonly CronTriggerInfo[]> {
    using _hold = this.#alive.hold()
    const rows = await this.#engine.crons.listTriggers()
    return rows.map((row) => ({ ...row, problem: cronProblem(row) }))
  }

  /** Returns the enabled triggers that no engine has polled for two of their intervals. */
  async listLate(): Promise<readonly TriggerInfo[]> {
    using _hold = this.#alive.hold()
    return (await this.#engine.health.lateTriggers()).map((row) => this.#info(row))
  }

  /** Returns a polled trigger. */
  async get(name: string): Promise<TriggerInfo> {
    using _hold = this.#alive.hold()
    const row = await this.#engine.triggers.get(textArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return this.#info(row)
  }

  /**
   * Enables or disables a polled trigger or cron trigger, immediately and in all engines. The change survives restarts.
   * The trigger keeps the note.
   */
  async setEnabled(name: string, isEnabled: boolean, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    flagArgument(isEnabled)
    const { actor } = steering(options)
    if (await this.#engine.triggerSteering.setEnabled(name, isEnabled, actor)) return
    const cron = await this.#cron(name)
    if (cron === null) throw await this.#unknown(name)
    await this.#engine.scheduleSteering.setEnabled(cron.id, isEnabled, actor)
  }

  /**
   * Deletes a trigger that is no longer declared, and its history. Its executions are kept. Throws `ACTION_REFUSED`
   * while an engine serves the trigger.
   */
  async delete(name: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    if (!(await this.#engine.triggerSteering.delete(name, steering(options).actor))) throw await this.#unknown(name)
  }

  /**
   * Overrides settings of a polled trigger, from its next poll on and in all engines. Overrides survive restarts and
   * new versions of the code. New overrides are added to earlier overrides; `null` removes all overrides.
   */
  async set(name: string, settings: TriggerOverrides | null, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    const given = settings === null ? null : checkedSettings(settings)
    if (await this.#engine.triggerSteering.set(name, given, steering(options).actor)) return
    throw await this.#unknown(name)
  }

  /** Overrides the handling of missed times of a cron trigger; `null` removes the override. */
  async setCatchup(name: string, catchup: Catchup | null, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    const given = checkedCatchup(catchup)
    if (await this.#engine.triggerSteering.setCatchup(name, given, steering(options).actor)) return
    throw new UsageError('TRIGGER_NOT_FOUND', `Cron trigger "${name}" not found in this database.`, { trigger: name })
  }

  /**
   * Starts the workflow of a trigger as if a poll had fired with the context: with deduplication and `maxActive`. Works
   * for disabled triggers, too. Throws `WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT`, and `ACTION_REFUSED` as
   * `workflows.submit` does.
   */
  async fire(name: string, context: JsonObject | null = null, options: FireOptions = {}): Promise<FireReport> {
    using _hold = this.#alive.hold()
    return await this.#fire(name, context === null ? null : contextTextOf(context), options)
  }

  /** Starts the workflow like `fire`, with the exact JSON text of the context. */
  async fireText(name: string, contextText: string | null, options: FireOptions = {}): Promise<FireReport> {
    using _hold = this.#alive.hold()
    return await this.#fire(name, contextText === null ? null : checkedContextText(contextText), options)
  }

  /**
   * Polls a trigger now, in the engine that polls it, and records the poll. Works for disabled triggers, too. Throws
   * `ACTION_REFUSED` if no engine serves the trigger.
   */
  async poll(name: string, options: ActionOptions = {}): Promise<PollNowResult> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggerSteering.poll(name, steering(options))
  }

  /** Returns the actions of users on a trigger, newest first. */
  async actions(name: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggerSteering.actions(name)
  }

  /** Returns the firings of a trigger, newest first. */
  async history(name: string, options: PageAfterOptions = {}): Promise<readonly FiringRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.history(name, pageAfterOf(options))
  }

  /** Returns the ticks of a trigger, newest first. */
  async ticks(name: string, options: TickListOptions = {}): Promise<readonly TickRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.ticks(name, tickFilter(options))
  }

  /**
   * Returns a tick with its error and log, or null. `untilAt`: a time between the first and the last poll of the
   * tick, such as its `lastAt`.
   */
  async tick(name: string, id: string, untilAt: number): Promise<TickInfo | null> {
    using _hold = this.#alive.hold()
    await this.get(name)
    numberArgument(untilAt, 'untilAt', Number.MIN_SAFE_INTEGER)
    const detail = await this.#engine.triggers.tick(name, textArgument(id, 'id'), untilAt)
    if (detail === null) return null
    return { ...detail.tick, error: detail.error, records: logRecords(detail.logText ?? '') }
  }

  /** Returns the last tick and the last firing of each trigger. Triggers that were never polled are missing. */
  async lastTicks(names: readonly string[]): Promise<ReadonlyMap<string, LastTicks>> {
    using _hold = this.#alive.hold()
    return await this.#engine.triggers.lastTicks(names)
  }

  /**
   * Counts the polls in each part of a period by outcome, oldest part first. In parts with too many polls, the numbers
   * are estimates (`isEstimate`).
   */
  async trend(name: string, options: TriggerTrendOptions = {}): Promise<readonly ActivityBar[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    const { untilAt = this.#engine.executions.now(), bars = 30 } = options
    const { sinceAt = untilAt - HOUR_MS } = options
    return await this.#engine.triggers.activity({ trigger: name, ...checkedTrend({ sinceAt, untilAt, bars }) })
  }

  /**
   * Returns the logs of polls, newest first. Polls without output have no log; logs of skips are kept only with
   * `keepSkipLogs`. Throws `INVALID_ARGUMENT` for a tick without a log.
   */
  async logs(name: string, options: PollLogOptions = {}): Promise<readonly PollLogRecords[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await pollLogs(this.#engine, name, options)
  }

  /** Yields the logs of new polls as they are recorded, until the caller ends the iteration. */
  async *followLogs(name: string): AsyncGenerator<PollLogRecords, void, undefined> {
    using _hold = this.#alive.hold()
    await this.get(name)
    yield* followedPollLogs(this.#engine, name)
  }

  async #fire(name: string, contextText: ContextText | null, options: FireOptions): Promise<FireReport> {
    const { force = false } = options
    await this.get(name)
    return await this.#engine.triggerSteering.fire(name, contextText, { actor: steering(options).actor, force })
  }

  #info(row: TriggerRow): TriggerInfo {
    const declared = this.#registry.current().triggers.get(row.name)
    const { description = '', place = null } = declared ?? {}
    return { ...row, isLoaded: declared !== undefined, description: description === '' ? null : description, place }
  }

  async #unknown(name: string): Promise<UsageError> {
    const rows = await this.#engine.triggers.list({ limit: MAX_COMPARED_NAMES, offset: 0, enabledOnly: false })
    const declared = this.#registry.current().triggers.get(name)
    const cron = declared?.timing.kind === 'cron' ? declared : await this.#cron(name)
    if (cron !== null) return notPolled(name, cron.workflow)
    const hint = didYouMean(
      name,
      rows.map((row) => row.name),
    )
    const message = `Trigger "${name}" not found in this database.${hint}`
    return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
  }

  async #cron(name: string): Promise<CronRow | null> {
    if (!this.#engine.config.cronEnabled) return null
    return await this.#engine.crons.ofTrigger(name)
  }
}

/** Returns the error of a call that only polled triggers have. */
function notPolled(name: string, workflow: string): UsageError {
  const message =
    `Trigger "${name}" has a cron schedule and is not polled. Show it with: cloaca trigger show ${name}; ` +
    `start its workflow with: cloaca workflow run ${workflow}`
  return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
}

function tickFilter(options: TickListOptions): Page & TickFilter {
  const { outcomes, sinceAt, untilAt, after } = options
  return {
    ...pageOf(options),
    ...(outcomes !== undefined && { outcomes: outcomes.map((each) => textArgument(each, 'outcomes') as TickOutcome) }),
    ...(sinceAt !== undefined && { sinceAt: numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER) }),
    ...(untilAt !== undefined && { untilAt: numberArgument(untilAt, 'untilAt', Number.MIN_SAFE_INTEGER) }),
    ...(after !== undefined && { after }),
  }
}
