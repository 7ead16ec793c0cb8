/**
 * `runner.triggers`: triggers. Users can change them in any process with the database; the engine that polls them
 * notices the change within half a second. Only a poll needs the engine that has the code.
 */

import { UsageError } from '../../errors.ts'
import type { ActionRow } from '../../model/action.ts'
import { flagArgument, textArgument } from '../../model/arguments.ts'
import { checkedContextText, type JsonObject, toContextText } from '../../model/context.ts'
import type { ActivityBar, LastTicks } from '../../model/execution-history.ts'
import type { PythonFault } from '../../model/fault.ts'
import { type LogRecord, logRecords } from '../../model/logs/log-record.ts'
import type { Catchup, TriggerOverrides } from '../../model/policy.ts'
import type { CronRow, FiringRow, TickRow, TriggerRow } from '../../model/schedule-rows.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import { didYouMean, MAX_COMPARED_NAMES } from '../../registry/nearest.ts'
import { cronProblem } from '../cron/expressions.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { PolledTriggers } from '../triggers/polled-triggers.ts'
import { checkedCatchup, checkedSettings } from '../triggers/trigger-settings.ts'
import { ACTIONS_OF_TARGET, type ActionOptions, ANSWER_WITHIN_MS, newAction } from './action-service.ts'
import type { Refires } from './batches/refire-service.ts'
import {
  checkedPage,
  checkedPageAfter,
  checkedTrend,
  type PageAfterOptions,
  type PageOptions,
  timeArgument,
} from './page-options.ts'
import { followedPollLogs, type PollLogOptions, type PollLogRecords, pollLogs } from './poll-logs.ts'
import { removeTrigger, type Schedules } from './schedule-service.ts'
import { type DisabledPeriod, disabledPeriods } from './triggers/disabled-periods.ts'
import { type TickListOptions, tickFilter } from './triggers/tick-options.ts'
import { refusedOnChange, type StateOptions, type TriggerState, type TriggerStates } from './triggers/trigger-states.ts'
import { ALL_TRIGGERS, isLate, type TriggerSummary, triggerSummary } from './triggers/trigger-summary.ts'
import type { FireReport, PollNowResult, TriggersByHand } from './triggers-by-hand.ts'

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
  /** Key of the firing. The trigger fires once with each key, also despite `force`. Default: none. */
  readonly key?: string
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
  /** State before and after the poll as JSON texts, or null if the poll did not change the state. */
  readonly stateChange: { readonly beforeText: string; readonly afterText: string } | null
  /** Output and log records of the poll. */
  readonly records: readonly LogRecord[]
}

const HOUR_MS = 3_600_000

/** Period of `runner.triggers.disabledPeriods`, in milliseconds since 1970. */
export interface DisabledPeriodOptions {
  readonly sinceAt: number
  readonly untilAt: number
}

const MAX_SWITCHES = 1_000

interface TriggerParts {
  readonly polled: PolledTriggers
  readonly schedules: Schedules
  readonly byHand: TriggersByHand
  readonly refires: Refires
  readonly states: TriggerStates
}

/** `runner.triggers`: triggers. Calls with a name throw `TRIGGER_NOT_FOUND` for an unknown trigger. */
export class Triggers {
  readonly #ports: EnginePorts
  readonly #parts: TriggerParts
  /** Refires, which start recorded firings again. */
  readonly refires: Refires

  /** @internal */
  constructor(ports: EnginePorts, parts: TriggerParts) {
    this.#ports = ports
    this.#parts = parts
    this.refires = parts.refires
  }

  /** Returns the polled triggers, newest first. `listCron` returns the others. */
  async list(options: PageOptions & { readonly enabledOnly?: boolean } = {}): Promise<readonly TriggerInfo[]> {
    const page = { ...checkedPage(options), enabledOnly: options.enabledOnly ?? false, withoutReplaced: true }
    await this.#settled()
    return (await this.#ports.store.listTriggers(page)).map((row) => this.#info(row))
  }

  /** Returns the cron triggers, newest first, including those with an invalid expression. */
  async listCron(): Promise<readonly CronTriggerInfo[]> {
    const rows = await this.#parts.schedules.listTriggers()
    return rows.map((row) => ({ ...row, problem: cronProblem(row) }))
  }

  /** Returns the enabled triggers that no engine has polled for two of their intervals. */
  async listLate(): Promise<readonly TriggerInfo[]> {
    const { store, clock } = this.#ports
    const now = clock.now()
    const troubled = await store.listTriggers({ ...ALL_TRIGGERS, enabledOnly: true, troubledAt: now })
    return troubled.filter((row) => isLate(row, now, this.#parts.polled)).map((row) => this.#info(row))
  }

  /** Counts the triggers, and returns the names of those that need attention. @internal */
  async summary(): Promise<TriggerSummary> {
    await this.#settled()
    return await triggerSummary(this.#ports, this.#parts)
  }

  /** Returns a polled trigger. */
  async get(name: string): Promise<TriggerInfo> {
    const row = await this.find(textArgument(name, 'name'))
    if (row === null) throw await this.#unknown(name)
    return this.#info(row)
  }

  /** Returns the row of a polled trigger, or null. Ignores a row that a cron trigger of its name replaced. @internal */
  async find(name: string): Promise<TriggerRow | null> {
    const { store } = this.#ports
    await this.#settled()
    const row = await store.getTrigger(name)
    if (row === null || row.undeclaredAt === null) return row
    const [cron] = await store.triggerCrons([name])
    return cron !== undefined && hasReplaced(cron, row) ? null : row
  }

  /** Enables or disables a polled or cron trigger in all engines, immediately and across restarts. Keeps the note. */
  async setEnabled(name: string, isEnabled: boolean, options: ActionOptions = {}): Promise<void> {
    textArgument(name, 'name')
    flagArgument(isEnabled)
    const action = newAction(this.#ports, isEnabled ? 'enable' : 'disable', name, options)
    const declared = this.#ports.registry.current().triggers.get(name)
    // Does not wait for the store if this engine polls the trigger, so that polling stops immediately.
    const isPolled = declared === undefined ? (await this.find(name)) !== null : declared.timing.kind === 'poll'
    if (isPolled && (await this.#parts.polled.setEnabled(name, isEnabled, action.note, action))) return
    const cron = await this.#cron(name)
    if (cron === null) throw await this.#unknown(name)
    await this.#parts.schedules.setEnabled(cron.id, isEnabled, options)
  }

  /** Enables or disables a polled trigger. Returns false if there is none. @internal */
  async setPolledEnabled(name: string, isEnabled: boolean, options: ActionOptions = {}): Promise<boolean> {
    const action = newAction(this.#ports, isEnabled ? 'enable' : 'disable', name, options)
    return await this.#parts.polled.setEnabled(name, isEnabled, action.note, action)
  }

  /** Deletes an undeclared trigger with its history. Its executions stay. Throws `ACTION_REFUSED` if it is served. */
  async delete(name: string, options: ActionOptions = {}): Promise<void> {
    const action = newAction(this.#ports, 'delete', textArgument(name, 'name'), options)
    if (!(await removeTrigger(this.#ports, name, action))) throw await this.#unknown(name)
  }

  /**
   * Overrides settings of a polled trigger, from its next poll on and in all engines. Overrides survive restarts and
   * new versions of the code. New overrides are added to earlier overrides; `null` removes all overrides. Throws
   * `INVALID_ARGUMENT` for `onChange` of a trigger with a state.
   */
  async set(name: string, settings: TriggerOverrides | null, options: ActionOptions = {}): Promise<void> {
    textArgument(name, 'name')
    const given = settings === null ? null : checkedSettings(settings)
    if (given?.onChange === true && (await this.get(name)).takesState) throw refusedOnChange(name)
    const action = newAction(this.#ports, 'set', name, options, given)
    if (!(await this.#parts.polled.override(name, given, action))) throw await this.#unknown(name)
    if (given === null || given.maxActive !== undefined) await this.#parts.byHand.releaseWaiting(name)
  }

  /** Overrides the handling of missed times of a cron trigger; `null` removes the override. */
  async setCatchup(name: string, catchup: Catchup | null, options: ActionOptions = {}): Promise<void> {
    textArgument(name, 'name')
    const given = checkedCatchup(catchup)
    const action = newAction(this.#ports, 'set', name, options, given === null ? null : { catchup: given })
    if (await this.#parts.schedules.setCatchup(name, given, action)) return
    throw new UsageError('TRIGGER_NOT_FOUND', `Cron trigger "${name}" not found in this database.`, { trigger: name })
  }

  /**
   * Starts the workflow of a trigger as if a poll had fired with the context: with deduplication and `maxActive`, even
   * if it is disabled. Throws `WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT`, and `ACTION_REFUSED` as `workflows.submit` does.
   */
  async fire(name: string, context: JsonObject | null = null, options: FireOptions = {}): Promise<FireReport> {
    return await this.fireText(name, context === null ? null : toContextText(context), options)
  }

  /** Starts the workflow like `fire`, with the exact JSON text of the context. */
  async fireText(name: string, contextText: string | null, options: FireOptions = {}): Promise<FireReport> {
    const firedText = contextText === null ? null : checkedContextText(contextText)
    const row = await this.get(name)
    const { force = false, key } = options
    const action = newAction(this.#ports, 'fire', name, options, { force, ...(key !== undefined && { key }) })
    return await this.#parts.byHand.fire(
      row,
      { contextText: firedText, ...(key !== undefined && { key }) },
      action,
      force,
    )
  }

  /**
   * Polls a trigger now, even a disabled one, and records the poll. Throws `ACTION_REFUSED` if no engine serves it.
   * Without `force`, it also throws this error if executions of the trigger wait until fewer are active.
   */
  async poll(name: string, options: ActionOptions & { readonly force?: boolean } = {}): Promise<PollNowResult> {
    await this.get(name)
    const { force = false } = options
    const action = newAction(this.#ports, 'poll', name, options, force ? { force } : null)
    return await this.#parts.byHand.poll(action, options.answerWithinMs ?? ANSWER_WITHIN_MS)
  }

  /** Returns the state of a trigger. Throws `TRIGGER_HAS_NO_STATE`. */
  async state(name: string): Promise<TriggerState> {
    return await this.#parts.states.read(await this.get(name))
  }

  /**
   * Replaces the state of a trigger, after its running poll. Throws `TRIGGER_HAS_NO_STATE`, and `STATE_CHANGED` if
   * `version` is given and is not the stored one.
   */
  async setState(name: string, state: JsonObject, options: StateOptions = {}): Promise<TriggerState> {
    return await this.setStateText(name, toContextText(state), options)
  }

  /** Replaces the state like `setState`, with the exact JSON text of the state. */
  async setStateText(name: string, stateText: string, options: StateOptions = {}): Promise<TriggerState> {
    return await this.#parts.states.change(await this.get(name), checkedContextText(stateText), options)
  }

  /** Resets the state of a trigger to the state before its first change, like `setState`. */
  async resetState(name: string, options: StateOptions = {}): Promise<TriggerState> {
    return await this.#parts.states.change(await this.get(name), null, options)
  }

  /** Returns the actions of users on a trigger, newest first. */
  async actions(name: string): Promise<readonly ActionRow[]> {
    await this.get(name)
    return await this.#ports.store.actions.list({ target: name }, ACTIONS_OF_TARGET)
  }

  /**
   * Returns the periods in which a polled trigger was disabled that overlap with a period, oldest first. Reads only the
   * newest 1,000 changes in the period. Changes that were pruned are unknown.
   */
  async disabledPeriods(name: string, period: DisabledPeriodOptions): Promise<readonly DisabledPeriod[]> {
    const row = await this.get(name)
    const [sinceAt, untilAt] = [timeArgument(period.sinceAt, 'sinceAt'), timeArgument(period.untilAt, 'untilAt')]
    const filter = { sinceAt, untilAt, limit: MAX_SWITCHES }
    return disabledPeriods(row, await this.#ports.store.actions.switches(name, filter), { sinceAt, untilAt })
  }

  /** Returns the firings of a trigger, newest first. */
  async history(name: string, options: PageAfterOptions = {}): Promise<readonly FiringRow[]> {
    await this.get(name)
    return await this.#ports.store.listFirings(name, checkedPageAfter(options))
  }

  /** Returns the ticks of a trigger, newest first. */
  async ticks(name: string, options: TickListOptions = {}): Promise<readonly TickRow[]> {
    await this.get(name)
    return await this.#ports.store.listTicks(name, tickFilter(options))
  }

  /** Returns a tick with its error and log, or null. `untilAt`: a time from first to last poll, such as `lastAt`. */
  async tick(name: string, id: string, untilAt: number): Promise<TickInfo | null> {
    await this.get(name)
    const at = timeArgument(untilAt, 'untilAt')
    const detail = await this.#ports.store.activity.tick(name, textArgument(id, 'id'), at)
    if (detail === null) return null
    const { tick, error, stateChange, logText } = detail
    return { ...tick, error, stateChange, records: logRecords(logText ?? '') }
  }

  /** Returns the last tick and the last firing of each trigger. Triggers that were never polled are missing. */
  async lastTicks(names: readonly string[]): Promise<ReadonlyMap<string, LastTicks>> {
    await this.#settled()
    return await this.#ports.store.activity.lastTicks(names)
  }

  /** Counts polls by outcome in parts of a period, oldest first. Parts with too many are estimates (`isEstimate`). */
  async trend(name: string, options: TriggerTrendOptions = {}): Promise<readonly ActivityBar[]> {
    await this.get(name)
    const { store, clock } = this.#ports
    const { untilAt = clock.now(), bars = 30 } = options
    const { sinceAt = untilAt - HOUR_MS } = options
    return await store.activity.bars({ trigger: name, ...checkedTrend({ sinceAt, untilAt, bars }) })
  }

  /**
   * Returns the logs of polls, newest first. Polls without output have no log; logs of skips are kept only with
   * `keepSkipLogs`. Throws `INVALID_ARGUMENT` for a tick without a log.
   */
  async logs(name: string, options: PollLogOptions = {}): Promise<readonly PollLogRecords[]> {
    await this.get(name)
    return await pollLogs(this.#ports.store.logs, name, options)
  }

  /** Yields the logs of new polls as they are recorded, until the caller ends the iteration. */
  async *followLogs(name: string): AsyncGenerator<PollLogRecords, void, undefined> {
    await this.get(name)
    yield* followedPollLogs(this.#ports, name)
  }

  /** A trigger that was declared a moment ago is in the store then. */
  #settled(): Promise<void> {
    return this.#parts.polled.settled()
  }

  #info(row: TriggerRow): TriggerInfo {
    const declared = this.#ports.loaded.current().triggers.get(row.name)
    const { description = '', place = null } = declared ?? {}
    return { ...row, isLoaded: declared !== undefined, description: description === '' ? null : description, place }
  }

  async #unknown(name: string): Promise<UsageError> {
    const declared = this.#ports.loaded.current().triggers.get(name)
    const cron = declared?.timing.kind === 'cron' ? declared : await this.#cron(name)
    if (cron !== null) return notPolled(name, cron.workflow)
    const rows = await this.#ports.store.listTriggers({ limit: MAX_COMPARED_NAMES, offset: 0, enabledOnly: false })
    const hint = didYouMean(
      name,
      rows.map((row) => row.name),
    )
    const message = `Trigger "${name}" not found in this database.${hint}`
    return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
  }

  async #cron(name: string): Promise<CronRow | null> {
    return this.#ports.config.cronEnabled ? await this.#parts.schedules.ofTrigger(name) : null
  }
}

/** Returns whether a cron trigger has taken over the name of an undeclared polled trigger. */
function hasReplaced(cron: CronRow, { undeclaredAt }: TriggerRow): boolean {
  return undeclaredAt !== null && (cron.undeclaredAt === null || cron.undeclaredAt > undeclaredAt)
}

function notPolled(name: string, workflow: string): UsageError {
  const message =
    `Trigger "${name}" has a cron schedule and is not polled. Show it with: cloaca trigger show ${name}; ` +
    `start its workflow with: cloaca workflow run ${workflow}`
  return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
}
