/** `runner.executions`: what ran, and what became of it. */

import type { Engine } from '../../engine/engine.ts'
import { unknownExecution } from '../../engine/executions/run-ends.ts'
import { checkSetting } from '../../engine/settings-check.ts'
import type { CancelResult, PauseResult } from '../../engine/steering/execution-steering.ts'
import { UsageError } from '../../errors.ts'
import type { ActionRow } from '../../model/action.ts'
import { numberArgument, textArgument } from '../../model/arguments.ts'
import type { AttemptRow, Execution, ExecutionStatus, ExecutionSummary, ExecutionWait } from '../../model/execution.ts'
import type { CountFilter, ExecutionCounts, ExecutionOverview, TrendBar, WaitingWorkflow } from '../../model/history.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ExecutionResult, executionResult } from '../results.ts'
import { type ActionOptions, steering } from './action-options.ts'
import {
  type ExecutionLogOptions,
  type ExecutionLogRecord,
  executionLog,
  executionLogPage,
  LOG_OPTIONS_CHECK,
  type LogPage,
  type LogPageOptions,
} from './execution-log.ts'
import { type PageOptions, pageOf } from './page.ts'
import { checkedTrend } from './trend-options.ts'

/** Each is a condition more. */
export interface ExecutionListOptions extends PageOptions {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  /** Those that a trigger of this name started. */
  readonly trigger?: string
  /** Created at this instant or later, epoch milliseconds. */
  readonly sinceAt?: number
  /** Created before this instant. */
  readonly untilAt?: number
  /** Those that try this one again, whose id or its beginning is given. */
  readonly retryOf?: string
  /** The id of the last one of the page before. */
  readonly after?: string
}

export interface RetryOptions extends ActionOptions {
  /** This task and all that come after it run. */
  readonly from?: string
  /** Everything runs. */
  readonly all?: boolean
}

export interface PruneOptions extends ActionOptions {
  /** Since their end. */
  readonly olderThanMs: number
  readonly status?: ExecutionStatus
  /** Nothing is removed. */
  readonly dryRun?: boolean
}

/** Which time, in how many parts, and of which executions. */
export interface TrendOptions extends CountFilter {
  /** Default: 24; at most 500. */
  readonly bars?: number
}

const DAY_MS = 86_400_000

/** An execution that nobody runs waits for an engine from this age on: engines that have its workflow take it earlier. */
const WAITING_AFTER_MS = 5_000

/** A row with what its execution waits for while nobody runs it; null: nothing. */
export type Waiting<Row> = Row & { readonly waitingFor: ExecutionWait | null }

export class RunnerExecutions {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Newest first. Throws `EXECUTION_NOT_FOUND` where there is none to go on `after`. */
  async list(options: ExecutionListOptions = {}): Promise<readonly Waiting<ExecutionSummary>[]> {
    using _hold = this.#alive.hold()
    const { status, retryOf, after } = options
    const rows = await this.#engine.listExecutions({
      ...pageOf(options),
      ...countFilter(options),
      ...(status !== undefined && { status: textArgument(status, 'status') as ExecutionStatus }),
      ...(retryOf !== undefined && { retryOf: await this.#idOf(retryOf) }),
      ...(after !== undefined && { after: await this.#idOf(after) }),
    })
    const waits = await this.#waits(rows)
    return rows.map((row) => ({ ...row, waitingFor: waits.get(row.id) ?? null }))
  }

  /**
   * Wherever an id is asked for, the beginning of one does, if it is that of no other. Throws `EXECUTION_NOT_FOUND`, and
   * `INVALID_ARGUMENT` where it is that of several.
   */
  async get(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    const execution = await this.#whole(id)
    const waits = await this.#waits([execution])
    return executionResult(execution, waits.get(execution.id))
  }

  /**
   * Without its contexts, of which it has the sizes: they are not read, however large they are. Throws as `get` does.
   */
  async overview(id: string): Promise<Waiting<ExecutionOverview>> {
    using _hold = this.#alive.hold()
    const overview = await this.#overview(await this.#idOf(id))
    const waits = await this.#waits([overview])
    return { ...overview, waitingFor: waits.get(overview.id) ?? null }
  }

  /** The context that it was started with, to the letter. Throws `EXECUTION_NOT_FOUND`. */
  async inputText(id: string): Promise<string> {
    using _hold = this.#alive.hold()
    const found = await this.#engine.executions.history.contextText(await this.#idOf(id), 'input')
    if (found === null) throw unknownExecution(id)
    return found
  }

  /** The final context, or while there is none that which it was started with, to the letter. Throws `EXECUTION_NOT_FOUND`. */
  async contextText(id: string): Promise<string> {
    using _hold = this.#alive.hold()
    const final = await this.#engine.executions.history.contextText(await this.#idOf(id), 'final')
    return final ?? (await this.inputText(id))
  }

  /**
   * The context that a task begins with, to the letter: that of the execution, or what the tasks before it have left. Throws
   * as `outputText`, and `WORKFLOW_NOT_FOUND`.
   */
  async taskInputText(id: string, task: string): Promise<string> {
    using _hold = this.#alive.hold()
    const whole = await this.#idOf(id)
    const found = await this.#engine.executions.taskInputText(whole, textArgument(task, 'task'))
    if (found === null) throw unknownTask(task, await this.#overview(whole))
    return found
  }

  /**
   * The context that a task has left, to the letter; null while it has left none. Throws `EXECUTION_NOT_FOUND`, and
   * `INVALID_ARGUMENT` for an unknown task.
   */
  async outputText(id: string, task: string): Promise<string | null> {
    using _hold = this.#alive.hold()
    const { id: whole, tasks } = await this.#overview(await this.#idOf(id))
    if (tasks.some(({ taskId }) => taskId === textArgument(task, 'task'))) {
      return await this.#engine.executions.history.contextText(whole, { outputOf: task })
    }
    throw unknownTask(task, { id, tasks })
  }

  /**
   * What its attempts printed and logged, in the order of writing. With `follow` it ends with the execution. Throws
   * `EXECUTION_NOT_FOUND`.
   */
  async *log(id: string, options: ExecutionLogOptions = {}): AsyncGenerator<ExecutionLogRecord, void, undefined> {
    using _hold = this.#alive.hold()
    checkSetting(options, LOG_OPTIONS_CHECK, 'options')
    yield* executionLog(this.#engine, await this.#idOf(id), options)
  }

  /**
   * Some of it, in the order in which it was stored, and where it ends: asked for behind that, it is what was written since,
   * however much there was before. Throws `EXECUTION_NOT_FOUND`.
   */
  async logPage(id: string, options: LogPageOptions = {}): Promise<LogPage> {
    using _hold = this.#alive.hold()
    return await executionLogPage(this.#engine, await this.#idOf(id), options)
  }

  /**
   * Waits for the end of a run that this process or another carries out, and does nothing else: it takes and polls nothing.
   * While no process serves the workflow, it waits. Throws `EXECUTION_NOT_FOUND`.
   */
  async wait(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    return executionResult(await this.#engine.waitFor(await this.#idOf(id)))
  }

  /**
   * How many there are in each status, counted up to a limit, so that it costs the same however many there are: of 10,000 or
   * more there are at least so many, and of a workflow or trigger the newest few thousand are looked at.
   */
  async counts(filter: CountFilter = {}): Promise<ExecutionCounts> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.counts(countFilter(filter))
  }

  /**
   * How many were created in each part of a time, the oldest first, by their status now. Where there are too many to count in a
   * part, its beginning stands for all of it (`isEstimate`). By default the last 24 hours, hour by hour.
   */
  async trend(options: TrendOptions = {}): Promise<readonly TrendBar[]> {
    using _hold = this.#alive.hold()
    const untilAt = options.untilAt ?? this.#engine.executions.now()
    const { sinceAt = untilAt - DAY_MS, bars = 24 } = options
    return await this.#engine.executions.history.trend({
      ...countFilter(options),
      ...checkedTrend({ sinceAt, untilAt, bars }),
    })
  }

  /** Returns the executions that failed last, by their end: the last one first. */
  async lastFailed(limit: number): Promise<readonly ExecutionSummary[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.lastFailed(numberArgument(limit, 'limit', 0))
  }

  /** Counts executions that wait for an engine that has their workflow, by workflow. */
  async waiting(): Promise<readonly WaitingWorkflow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.countWaiting(this.#engine.executions.now() - WAITING_AFTER_MS)
  }

  /** How many there are in each status, all of them counted; those that there are none of are missing. */
  async count(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.count()
  }

  /** Its attempts that have ended, in the order of their ends. Throws `EXECUTION_NOT_FOUND`. */
  async attempts(id: string): Promise<readonly AttemptRow[]> {
    using _hold = this.#alive.hold()
    return await this.#ofKnown(id, (known) => this.#engine.executions.attempts(known))
  }

  /** Actions of users on the execution, newest first. Throws `EXECUTION_NOT_FOUND`. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#ofKnown(id, (known) => this.#engine.executions.actions(known))
  }

  /**
   * Ends an execution early: no further task starts, and those that run are stopped, unless `wait` lets them end. What does
   * not stop within 5 s is ended with its interpreter. Throws `EXECUTION_NOT_FOUND`, and `ACTION_REFUSED` when it has
   * ended.
   */
  async cancel(id: string, options: ActionOptions & { readonly wait?: boolean } = {}): Promise<CancelResult> {
    using _hold = this.#alive.hold()
    const waits = options.wait ?? false
    return await this.#engine.executions.cancel(await this.#idOf(id), { ...steering(options), waits })
  }

  /** Lets no further task of an execution start until it is resumed. Throws as `cancel` does. */
  async pause(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.pause(await this.#idOf(id), steering(options))
  }

  /** Throws as `cancel` does. */
  async resume(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.resume(await this.#idOf(id), steering(options))
  }

  /**
   * Starts an execution with the input of one that has ended, and returns its id. What completed there keeps its output: only
   * the rest runs, or with `from` that task and all that come after it, or with `all` everything. Throws
   * `EXECUTION_NOT_FOUND`, `WORKFLOW_NOT_FOUND`, `ACTION_REFUSED`, and `INVALID_ARGUMENT` for an unknown task.
   */
  async retry(id: string, options: RetryOptions = {}): Promise<string> {
    using _hold = this.#alive.hold()
    const { from, all = false } = options
    if (all && from !== undefined)
      throw new UsageError('INVALID_ARGUMENT', '"from" and "all" cannot be combined. Use one of them.', {
        path: 'from',
      })
    const scope = { from: from === undefined ? null : textArgument(from, 'from'), all }
    return await this.#engine.executions.retry(await this.#idOf(id), scope, steering(options).actor)
  }

  /**
   * Removes executions that ended longer ago than this, with all that belongs to them, also while others serve. Returns how
   * many; with `dryRun` it only counts.
   */
  async prune(options: PruneOptions): Promise<number> {
    using _hold = this.#alive.hold()
    const { olderThanMs, status, dryRun = false } = options
    const which = {
      endedBeforeAt: this.#engine.executions.now() - numberArgument(olderThanMs, 'olderThanMs', 0),
      ...(status !== undefined && { status }),
    }
    return await this.#engine.executions.prune(which, dryRun, steering(options).actor)
  }

  /** Returns what each of the executions waits for; those that wait for nothing are missing. */
  async #waits(rows: readonly ExecutionSummary[]): Promise<ReadonlyMap<string, ExecutionWait>> {
    const open = rows.filter(({ status }) => status === 'Pending' || status === 'Running')
    if (open.length === 0) return new Map()
    const { history } = this.#engine.executions
    const createdUntil = this.#engine.executions.now() - WAITING_AFTER_MS
    const ids = open.map(({ id }) => id)
    const waiting = await history.listWaiting(ids, createdUntil)
    return new Map(
      open.flatMap(({ id, workflow }) => (waiting.has(id) ? [[id, { kind: 'engine' as const, workflow }]] : [])),
    )
  }

  async #whole(id: string): Promise<Execution> {
    const execution = await this.#engine.getExecution(await this.#idOf(id))
    if (execution === null) throw unknownExecution(id)
    return execution
  }

  async #overview(id: string): Promise<ExecutionOverview> {
    const overview = await this.#engine.executions.history.overview(id)
    if (overview === null) throw unknownExecution(id)
    return overview
  }

  /** Reads rows of an execution. If there are none, it may be unknown. */
  async #ofKnown<Row>(given: string, read: (id: string) => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const id = await this.#idOf(given)
    const rows = await read(id)
    if (rows.length === 0) await this.#overview(id)
    return rows
  }

  #idOf(given: string): Promise<string> {
    return this.#engine.executions.idOf(textArgument(given, 'id'))
  }
}

function countFilter({ workflow, trigger, sinceAt, untilAt }: CountFilter): CountFilter {
  return {
    ...(workflow !== undefined && { workflow: textArgument(workflow, 'workflow') }),
    ...(trigger !== undefined && { trigger: textArgument(trigger, 'trigger') }),
    ...(sinceAt !== undefined && { sinceAt: numberArgument(sinceAt, 'sinceAt', Number.MIN_SAFE_INTEGER) }),
    ...(untilAt !== undefined && { untilAt: numberArgument(untilAt, 'untilAt', Number.MIN_SAFE_INTEGER) }),
  }
}

function unknownTask(task: string, { id, tasks }: Pick<ExecutionOverview, 'id' | 'tasks'>): UsageError {
  const names = tasks.map(({ taskId }) => taskId)
  const message = `Execution "${id}" has no task "${task}".${didYouMean(task, names)}`
  return new UsageError('INVALID_ARGUMENT', message, { task })
}
