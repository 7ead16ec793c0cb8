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

/** Filter of executions. All given conditions must apply. */
export interface ExecutionListOptions extends PageOptions {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  /** Name of the trigger that started the execution. */
  readonly trigger?: string
  /** Earliest creation time, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Creation times must be before this time, in milliseconds since 1970. */
  readonly untilAt?: number
  /** Id of the execution that was retried, or the beginning of this id. */
  readonly retryOf?: string
  /** Id of the last execution of the previous page. */
  readonly after?: string
}

/** Options of `runner.executions.retry`. */
export interface RetryOptions extends ActionOptions {
  /** Id of a task. This task and all tasks after it run again. */
  readonly from?: string
  /** Whether all tasks run again. Default: false. */
  readonly all?: boolean
}

/** Options of `runner.executions.prune`. */
export interface PruneOptions extends ActionOptions {
  /** Minimum time since the end of the execution, in milliseconds. */
  readonly olderThanMs: number
  readonly status?: ExecutionStatus
  /** Whether to count the executions without deleting them. Default: false. */
  readonly dryRun?: boolean
}

/** Period and filter of `runner.executions.trend`. Default: the last 24 hours. */
export interface TrendOptions extends CountFilter {
  /** Number of parts of the period, at most 500. Default: 24. */
  readonly bars?: number
}

const DAY_MS = 86_400_000

/** An execution that nobody runs waits for an engine from this age on: engines that have its workflow take it earlier. */
const WAITING_AFTER_MS = 5_000

/** Row with the reason why no engine runs the execution, or null. */
export type Waiting<Row> = Row & { readonly waitingFor: ExecutionWait | null }

/**
 * `runner.executions`: executions of workflows. Each `id` can be shortened to an unambiguous beginning. Calls throw
 * `EXECUTION_NOT_FOUND` for an unknown id and `INVALID_ARGUMENT` for an ambiguous one.
 */
export class RunnerExecutions {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Returns executions without contexts and tasks, newest first. */
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

  /** Returns an execution with its context and tasks. */
  async get(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    const execution = await this.#whole(id)
    const waits = await this.#waits([execution])
    return executionResult(execution, waits.get(execution.id))
  }

  /** Returns an execution with the sizes of its contexts instead of the contexts. Fast even for large contexts. */
  async overview(id: string): Promise<Waiting<ExecutionOverview>> {
    using _hold = this.#alive.hold()
    const overview = await this.#overview(await this.#idOf(id))
    const waits = await this.#waits([overview])
    return { ...overview, waitingFor: waits.get(overview.id) ?? null }
  }

  /** Returns the initial context as exact JSON text. */
  async inputText(id: string): Promise<string> {
    using _hold = this.#alive.hold()
    const found = await this.#engine.executions.history.contextText(await this.#idOf(id), 'input')
    if (found === null) throw unknownExecution(id)
    return found
  }

  /** Returns the final context as exact JSON text, or the initial one until the execution has ended. */
  async contextText(id: string): Promise<string> {
    using _hold = this.#alive.hold()
    const final = await this.#engine.executions.history.contextText(await this.#idOf(id), 'final')
    return final ?? (await this.inputText(id))
  }

  /**
   * Returns the input of a task as exact JSON text: the initial context, or the merged outputs of its dependencies.
   * Throws `INVALID_ARGUMENT` for an unknown task, and `WORKFLOW_NOT_FOUND`.
   */
  async taskInputText(id: string, task: string): Promise<string> {
    using _hold = this.#alive.hold()
    const whole = await this.#idOf(id)
    const found = await this.#engine.executions.taskInputText(whole, textArgument(task, 'task'))
    if (found === null) throw unknownTask(task, await this.#overview(whole))
    return found
  }

  /**
   * Returns the output of a task as exact JSON text, or null if it has none. Throws `INVALID_ARGUMENT` for an unknown
   * task.
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
   * Yields the output and log records of all attempts, in the order of writing. With `follow`, it ends when the
   * execution ends.
   */
  async *log(id: string, options: ExecutionLogOptions = {}): AsyncGenerator<ExecutionLogRecord, void, undefined> {
    using _hold = this.#alive.hold()
    checkSetting(options, LOG_OPTIONS_CHECK, 'options')
    yield* executionLog(this.#engine, await this.#idOf(id), options)
  }

  /**
   * Returns a page of the log in the order of storage, and the position of its end. Pass that position as `after` to
   * read newer records.
   */
  async logPage(id: string, options: LogPageOptions = {}): Promise<LogPage> {
    using _hold = this.#alive.hold()
    return await executionLogPage(this.#engine, await this.#idOf(id), options)
  }

  /**
   * Waits for the end of an execution that any engine runs, and returns its result. Waits forever if no engine serves
   * the workflow.
   */
  async wait(id: string): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    return executionResult(await this.#engine.waitFor(await this.#idOf(id)))
  }

  /**
   * Counts executions by status up to a limit, so that the call is always fast: up to 10,000 executions, or the newest
   * few thousand of a workflow or trigger.
   */
  async counts(filter: CountFilter = {}): Promise<ExecutionCounts> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.counts(countFilter(filter))
  }

  /**
   * Counts the executions that were created in each part of a period, by their current status, oldest part first. In
   * parts with too many executions, the numbers are estimates (`isEstimate`). Default: the last 24 hours by the hour.
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

  /** Returns the most recently failed executions, newest first. */
  async lastFailed(limit: number): Promise<readonly ExecutionSummary[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.lastFailed(numberArgument(limit, 'limit', 0))
  }

  /** Counts the executions whose workflow no running engine serves, by workflow. */
  async waiting(): Promise<readonly WaitingWorkflow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.history.countWaiting(this.#engine.executions.now() - WAITING_AFTER_MS)
  }

  /** Counts all executions by status. Statuses without executions are missing. */
  async count(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.count()
  }

  /** Returns the ended attempts of an execution, in the order of their ends. */
  async attempts(id: string): Promise<readonly AttemptRow[]> {
    using _hold = this.#alive.hold()
    return await this.#ofKnown(id, (known) => this.#engine.executions.attempts(known))
  }

  /** Returns the actions of users on an execution, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    using _hold = this.#alive.hold()
    return await this.#ofKnown(id, (known) => this.#engine.executions.actions(known))
  }

  /**
   * Cancels an execution: no further task starts, and running tasks are stopped, or with `wait` allowed to end. The
   * interpreter of a task that does not stop within 5 s is replaced. Throws `ACTION_REFUSED` if the execution has
   * ended.
   */
  async cancel(id: string, options: ActionOptions & { readonly wait?: boolean } = {}): Promise<CancelResult> {
    using _hold = this.#alive.hold()
    const waits = options.wait ?? false
    return await this.#engine.executions.cancel(await this.#idOf(id), { ...steering(options), waits })
  }

  /** Pauses an execution: no further task starts until `resume`. Throws `ACTION_REFUSED` if the execution has ended. */
  async pause(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.pause(await this.#idOf(id), steering(options))
  }

  /** Resumes a paused execution. Throws `ACTION_REFUSED` if the execution has ended. */
  async resume(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    using _hold = this.#alive.hold()
    return await this.#engine.executions.resume(await this.#idOf(id), steering(options))
  }

  /**
   * Retries an ended execution as a new one with the same initial context, and returns the new id. Completed tasks keep
   * their outputs, except with `from` or `all`. Throws `WORKFLOW_NOT_FOUND`, `ACTION_REFUSED`, and `INVALID_ARGUMENT`
   * for an unknown task.
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

  /** Deletes old ended executions with all their data, even while engines run. Returns their number. */
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
