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

/** A trigger's row, and what is known of its code where that is loaded here. */
export interface TriggerInfo extends TriggerRow {
  readonly isLoaded: boolean
  /** The docstring of its function; null where there is none. */
  readonly description: string | null
  /** Where its function is written. */
  readonly place: SourcePlace | null
}

/** A cron trigger: its schedule. */
export interface CronTriggerInfo extends CronRow {
  readonly triggerName: string
  /** Why it never fires: its expression or zone is wrong. Null if it fires. */
  readonly problem: string | null
}

export interface FireOptions extends ActionOptions {
  /** Starts it whatever is active: neither deduplication nor `maxActive` holds it back. Default: false. */
  readonly force?: boolean
}

/** Which ticks; each is a condition more. */
export interface TickListOptions extends PageOptions {
  /** Those that came to one of these. */
  readonly outcomes?: readonly TickOutcome[]
  /** Those that lasted until this instant or later, epoch milliseconds. */
  readonly sinceAt?: number
  /** Those that began before this instant. */
  readonly untilAt?: number
  /** The last one of the part before, however far back it is. */
  readonly after?: Pick<TickRow, 'id' | 'lastAt'>
}

/** Which time, in how many parts. */
export interface TriggerTrendOptions {
  /** Default: an hour before the end. */
  readonly sinceAt?: number
  /** Default: now. */
  readonly untilAt?: number
  /** 1 to 500. Default: 30. */
  readonly bars?: number
}

/** A tick with all that is kept of it. */
export interface TickInfo extends TickRow {
  /** What its poll raised, with the traceback. */
  readonly error: PythonFault | null
  /** What its poll printed and logged. */
  readonly records: readonly LogRecord[]
}

const HOUR_MS = 3_600_000

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

  /** Returns the cron triggers, newest first: those whose expression is wrong, too. */
  async listCron(): Promise<readonly CronTriggerInfo[]> {
    using _hold = this.#alive.hold()
    const rows = await this.#engine.crons.listTriggers()
    return rows.map((row) => ({ ...row, problem: cronProblem(row) }))
  }

  /** Enabled triggers that have not been polled for two of their intervals, in whatever process. */
  async listLate(): Promise<readonly TriggerInfo[]> {
    using _hold = this.#alive.hold()
    return (await this.#engine.health.lateTriggers()).map((row) => this.#info(row))
  }

  /** Throws `TRIGGER_NOT_FOUND`, with the nearest name. */
  async get(name: string): Promise<TriggerInfo> {
    using _hold = this.#alive.hold()
    const row = await this.#engine.triggers.get(textArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return this.#info(row)
  }

  /**
   * Takes effect at once, also in another process, and survives restarts. The row keeps the note. A cron trigger is enabled and
   * disabled, too. Throws `TRIGGER_NOT_FOUND`.
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
   * Removes a trigger that no script declares any more, polled or with a cron expression, with its history; its executions stay.
   * Throws `TRIGGER_NOT_FOUND`, and `ACTION_REFUSED` while a process that serves declares it.
   */
  async delete(name: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    if (!(await this.#engine.triggerSteering.delete(name, steering(options).actor))) throw await this.#unknown(name)
  }

  /**
   * What counts in place of what the code declares, from the next poll on, also in another process, and after restarts
   * and changes of the code. Adds to what was set before; null resets all. Throws `TRIGGER_NOT_FOUND`.
   */
  async set(name: string, settings: TriggerOverrides | null, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    const given = settings === null ? null : checkedSettings(settings)
    if (await this.#engine.triggerSteering.set(name, given, steering(options).actor)) return
    throw await this.#unknown(name)
  }

  /** The same of a cron trigger: what becomes of instants that it missed. Throws `TRIGGER_NOT_FOUND`. */
  async setCatchup(name: string, catchup: Catchup | null, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    textArgument(name, 'name')
    const given = checkedCatchup(catchup)
    if (await this.#engine.triggerSteering.setCatchup(name, given, steering(options).actor)) return
    throw new UsageError('TRIGGER_NOT_FOUND', `Cron trigger "${name}" not found in this database.`, { trigger: name })
  }

  /**
   * Starts the workflow of a trigger as if a poll had fired with this context, or without one: with the keys that the engine
   * adds, with deduplication and within `maxActive`. Whoever serves the workflow runs it; a trigger that is disabled
   * is fired, too. Throws `TRIGGER_NOT_FOUND`, `WORKFLOW_NOT_FOUND` and `INVALID_CONTEXT`, and `ACTION_REFUSED` as `workflows.submit` does.
   */
  async fire(name: string, context: JsonObject | null = null, options: FireOptions = {}): Promise<FireReport> {
    using _hold = this.#alive.hold()
    return await this.#fire(name, context === null ? null : contextTextOf(context), options)
  }

  /** The same with the exact text of a context. */
  async fireText(name: string, contextText: string | null, options: FireOptions = {}): Promise<FireReport> {
    using _hold = this.#alive.hold()
    return await this.#fire(name, contextText === null ? null : checkedContextText(contextText), options)
  }

  /**
   * Polls a trigger out of turn, in the process that polls it, whether it is enabled or not, and records it as any poll.
   * Throws `TRIGGER_NOT_FOUND`, and `ACTION_REFUSED` when no process serves it.
   */
  async poll(name: string, options: ActionOptions = {}): Promise<PollNowResult> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggerSteering.poll(name, steering(options))
  }

  /** Actions of users on the trigger, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async actions(name: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggerSteering.actions(name)
  }

  /** Firings, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async history(name: string, options: PageAfterOptions = {}): Promise<readonly FiringRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.history(name, pageAfterOf(options))
  }

  /** What every poll came to, newest first. Throws `TRIGGER_NOT_FOUND`. */
  async ticks(name: string, options: TickListOptions = {}): Promise<readonly TickRow[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await this.#engine.triggers.ticks(name, tickFilter(options))
  }

  /** One of its ticks. `untilAt`: an instant up to which it lasted, such as its `lastAt` in a list. Null where there is none. */
  async tick(name: string, id: string, untilAt: number): Promise<TickInfo | null> {
    using _hold = this.#alive.hold()
    await this.get(name)
    numberArgument(untilAt, 'untilAt', Number.MIN_SAFE_INTEGER)
    const detail = await this.#engine.triggers.tick(name, textArgument(id, 'id'), untilAt)
    if (detail === null) return null
    return { ...detail.tick, error: detail.error, records: logRecords(detail.logText ?? '') }
  }

  /** By trigger: its last tick, and the last that started something; those that were never polled are missing. */
  async lastTicks(names: readonly string[]): Promise<ReadonlyMap<string, LastTicks>> {
    using _hold = this.#alive.hold()
    return await this.#engine.triggers.lastTicks(names)
  }

  /**
   * How many polls there were in each part of a time, the oldest first, by what they came to. Where there are too many to count
   * in a part, its beginning stands for all of it (`isEstimate`). Throws `TRIGGER_NOT_FOUND`.
   */
  async trend(name: string, options: TriggerTrendOptions = {}): Promise<readonly ActivityBar[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    const { untilAt = this.#engine.executions.now(), bars = 30 } = options
    const { sinceAt = untilAt - HOUR_MS } = options
    return await this.#engine.triggers.activity({ trigger: name, ...checkedTrend({ sinceAt, untilAt, bars }) })
  }

  /**
   * What its polls printed and logged, newest first: of those that printed or logged anything, but for what polls said that
   * skipped, which is kept only with `keepSkipLogs`. Throws `TRIGGER_NOT_FOUND`, and `INVALID_ARGUMENT` where a tick is named
   * that has no log.
   */
  async logs(name: string, options: PollLogOptions = {}): Promise<readonly PollLogRecords[]> {
    using _hold = this.#alive.hold()
    await this.get(name)
    return await pollLogs(this.#engine, name, options)
  }

  /** The same of the polls from now on, as they are recorded; it goes on until the caller ends it. Throws `TRIGGER_NOT_FOUND`. */
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
