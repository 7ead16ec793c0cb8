/** `runner.executions`: executions of workflows. */

import { UsageError } from '../../../errors.ts'
import type { ActionRow } from '../../../model/action.ts'
import { numberArgument, textArgument } from '../../../model/arguments.ts'
import type { AttemptRow, Execution, ExecutionStatus, ExecutionSummary } from '../../../model/execution.ts'
import type {
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  TrendBar,
  WaitingWorkflow,
} from '../../../model/execution-history.ts'
import type { ExecutionWait, OpenWait } from '../../../model/waits.ts'
import type { WorkflowDefinition } from '../../../model/workflow.ts'
import { didYouMean } from '../../../registry/nearest.ts'
import type { ChildRow } from '../../chains/chain-store.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { Acquirer } from '../../executions/acquirer.ts'
import { mergedOutputs, presentDependencies } from '../../executions/ready.ts'
import { retriedExecution, tasksToRun } from '../../executions/retried.ts'
import { type RunEnds, unknownExecutionError } from '../../executions/run-ends.ts'
import { limitedError } from '../../starts/firing-context.ts'
import type { NewExecution } from '../../starts/new-executions.ts'
import { ACTIONS_OF_TARGET, type ActionOptions, ANSWER_WITHIN_MS, newAction } from '../action-service.ts'
import { checkedPage, checkedTrend } from '../page-options.ts'
import { currentDefinition } from '../workflow-service.ts'
import {
  checkLogOptions,
  type ExecutionLogOptions,
  type ExecutionLogRecord,
  executionLog,
  executionLogPage,
  type LogPage,
  type LogPageOptions,
} from './execution-log.ts'
import {
  type CancelReport,
  type CancelResult,
  countFilter,
  type ExecutionListOptions,
  type PauseResult,
  type PruneOptions,
  type RetryOptions,
  type TrendOptions,
} from './execution-options.ts'
import { actionRefusedError, type ExecutionRequests } from './execution-requests.ts'
import { type ExecutionResult, executionResult } from './execution-result.ts'

const DAY_MS = 86_400_000

/** Age from which an unowned execution waits for an engine. Engines that have its workflow take it earlier. */
const WAITING_AFTER_MS = 5_000

const UUID_LENGTH = 36
const MAX_IDS_IN_MESSAGE = 4

/** Pause between two steps of a removal, so that other work is not delayed. As long as one step takes. */
const PRUNE_PAUSE_MS = 5

interface ExecutionParts {
  readonly ends: RunEnds
  readonly requests: ExecutionRequests
  readonly acquirer: Acquirer
}

/** Row with the reason why the execution is waiting, or null. */
export type Waiting<Row> = Row & { readonly waitingFor: ExecutionWait | null }

/**
 * `runner.executions`: executions of workflows. Each `id` can be shortened to an unambiguous beginning. Calls throw
 * `EXECUTION_NOT_FOUND` for an unknown id and `INVALID_ARGUMENT` for an ambiguous one.
 */
export class Executions {
  readonly #ports: EnginePorts
  readonly #parts: ExecutionParts

  /** @internal */
  constructor(ports: EnginePorts, parts: ExecutionParts) {
    this.#ports = ports
    this.#parts = parts
  }

  /** Returns executions without contexts and tasks, newest first. */
  async list(options: ExecutionListOptions = {}): Promise<readonly Waiting<ExecutionSummary>[]> {
    const { status, retryOf, after } = options
    const rows = await this.#ports.store.listExecutions({
      ...checkedPage(options),
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
    const execution = await this.#whole(id)
    const waits = await this.#waits([execution])
    return executionResult(execution, waits.get(execution.id))
  }

  /** Returns an execution with the sizes of its contexts instead of the contexts. Fast even for large contexts. */
  async overview(id: string): Promise<Waiting<ExecutionOverview>> {
    const overview = await this.#overview(await this.#idOf(id))
    const waits = await this.#waits([overview])
    return { ...overview, waitingFor: waits.get(overview.id) ?? null }
  }

  /** Returns the open waits of the nodes of an execution, in the order of their openings. */
  async openWaits(id: string): Promise<readonly OpenWait[]> {
    const known = await this.#idOf(id)
    return (await this.#ports.store.waits.openOfEach([known])).get(known) ?? []
  }

  /** Returns the initial context as exact JSON text. */
  async inputText(id: string): Promise<string> {
    const found = await this.#ports.store.history.contextText(await this.#idOf(id), 'input')
    if (found === null) throw unknownExecutionError(id)
    return found
  }

  /** Returns the final context as exact JSON text, or the initial one until the execution has ended. */
  async contextText(id: string): Promise<string> {
    const final = await this.#ports.store.history.contextText(await this.#idOf(id), 'final')
    return final ?? (await this.inputText(id))
  }

  /**
   * Returns the input of a task as exact JSON text: the initial context, or the merged outputs of its dependencies.
   * Throws `INVALID_ARGUMENT` for an unknown task, and `WORKFLOW_NOT_FOUND`.
   */
  async taskInputText(id: string, task: string): Promise<string> {
    const whole = await this.#idOf(id)
    const { store, codec } = this.#ports
    const execution = await this.#overview(whole)
    const ids = new Set(execution.tasks.map(({ taskId }) => taskId))
    if (!ids.has(textArgument(task, 'task'))) throw unknownTask(task, execution)
    const { tasks } = await this.#definitionOf(execution)
    const definitions = new Map(tasks.map((each) => [each.id, each]))
    const dependencies = presentDependencies(definitions.get(task), definitions, (each) => ids.has(each))
    const texts = dependencies.map((outputOf) => store.history.contextText(whole, { outputOf }))
    if (texts.length > 0) return mergedOutputs(await Promise.all(texts), codec)
    return await this.inputText(whole)
  }

  /** Returns the output of a task as exact JSON text, or null. Throws `INVALID_ARGUMENT` for an unknown task. */
  async outputText(id: string, task: string): Promise<string | null> {
    const { id: whole, tasks } = await this.#overview(await this.#idOf(id))
    if (tasks.some(({ taskId }) => taskId === textArgument(task, 'task'))) {
      return await this.#ports.store.history.contextText(whole, { outputOf: task })
    }
    throw unknownTask(task, { id, tasks })
  }

  /** Yields all output and log records in the order of writing. With `follow`, it ends when the execution ends. */
  async *log(id: string, options: ExecutionLogOptions = {}): AsyncGenerator<ExecutionLogRecord, void, undefined> {
    checkLogOptions(options)
    yield* executionLog(this.#ports, this.#parts.ends, await this.#idOf(id), options)
  }

  /** Returns a page of the log in the order of storage. Pass its `end` as `after` to read newer records. */
  async logPage(id: string, options: LogPageOptions = {}): Promise<LogPage> {
    return await executionLogPage(this.#ports.store, await this.#idOf(id), options)
  }

  /** Waits for the end of an execution, and returns its result. Waits forever if no engine serves the workflow. */
  async wait(id: string): Promise<ExecutionResult> {
    return executionResult(await this.#parts.ends.wait(await this.#idOf(id)))
  }

  /** Counts executions by status, up to 10,000 or the newest few thousand of a workflow or trigger. Always fast. */
  async counts(filter: CountFilter = {}): Promise<ExecutionCounts> {
    return await this.#ports.store.history.counts(countFilter(filter))
  }

  /**
   * Counts the executions that were created in each part of a period, by their current status, oldest part first. In
   * parts with too many executions, the numbers are estimates (`isEstimate`). Default: the last 24 hours by the hour.
   */
  async trend(options: TrendOptions = {}): Promise<readonly TrendBar[]> {
    const untilAt = options.untilAt ?? this.#ports.clock.now()
    const { sinceAt = untilAt - DAY_MS, bars = 24 } = options
    return await this.#ports.store.history.trend({
      ...countFilter(options),
      ...checkedTrend({ sinceAt, untilAt, bars }),
    })
  }

  /** Returns the most recently failed executions, newest first. */
  async lastFailed(limit: number): Promise<readonly ExecutionSummary[]> {
    return await this.#ports.store.history.lastFailed(numberArgument(limit, 'limit', 0))
  }

  /** Counts the executions whose workflow no running engine serves, by workflow. */
  async waiting(): Promise<readonly WaitingWorkflow[]> {
    return await this.#ports.store.history.countWaiting(this.#ports.clock.now() - WAITING_AFTER_MS)
  }

  /** Counts all executions by status. Statuses without executions are missing. */
  async count(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>> {
    return await this.#ports.store.countExecutions()
  }

  /** Returns the ended attempts of an execution, in the order of their ends. */
  async attempts(id: string): Promise<readonly AttemptRow[]> {
    return await this.#ofKnown(id, (known) => this.#ports.store.listAttempts(known))
  }

  /** Returns the child executions of the tasks of an execution and of the executions that it retries, oldest first. */
  async children(id: string): Promise<readonly ChildRow[]> {
    return await this.#ofKnown(id, (known) => this.#ports.store.chains.listChildren(known))
  }

  /** Returns the actions of users on an execution, newest first, and the retry that created it. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    const { id: known, retryOf } = await this.#overview(await this.#idOf(id))
    const listed = (target: string) => this.#ports.store.actions.list({ target }, ACTIONS_OF_TARGET)
    if (retryOf === null) return await listed(known)
    const [own, ofOriginal] = await Promise.all([listed(known), listed(retryOf)])
    return [...own, ...ofOriginal.filter((action) => createdExecution(action) === known)]
  }

  /**
   * Cancels an execution: no further task starts, and running tasks are stopped, or with `wait` allowed to end. The
   * interpreter of a task that does not stop within 5 s is replaced. Throws `ACTION_REFUSED` if it has ended.
   */
  async cancel(id: string, options: ActionOptions & { readonly wait?: boolean } = {}): Promise<CancelResult> {
    const waits = options.wait ?? false
    const action = newAction(this.#ports, 'cancel', await this.#idOf(id), options, { waits })
    const reason = action.note === null ? 'cancelled' : `cancelled: ${action.note}`
    const { answerWithinMs = ANSWER_WITHIN_MS } = options
    const answer = await this.#parts.requests.send(action, { kind: 'cancel', waits, reason }, answerWithinMs)
    if (answer === null) return { state: 'asked' }
    return { state: 'cancelled', ...(JSON.parse(answer.text ?? '{}') as CancelReport) }
  }

  /** Pauses an execution: no further task starts until `resume`. Throws `ACTION_REFUSED` if the execution has ended. */
  async pause(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    return await this.#setPaused('pause', id, options)
  }

  /** Resumes a paused execution. Throws `ACTION_REFUSED` if the execution has ended. */
  async resume(id: string, options: ActionOptions = {}): Promise<PauseResult> {
    return await this.#setPaused('resume', id, options)
  }

  /**
   * Retries an ended execution with its initial context, and returns the new id. Completed tasks keep their outputs,
   * except with `from` or `all`, which also forget the results of `once` and the children of the tasks that run again,
   * except with `keepOnce`. With `once`, throws `ACTION_REFUSED` if the execution was retried before. Throws
   * `WORKFLOW_NOT_FOUND`, `ACTION_REFUSED`, `INVALID_ARGUMENT` (unknown task), `LIMITED`.
   */
  async retry(id: string, options: RetryOptions = {}): Promise<string> {
    const { from, all = false, once = false, keepOnce = false } = options
    if (all && from !== undefined)
      throw new UsageError('INVALID_ARGUMENT', '"from" and "all" cannot be combined. Use one of them.', {
        path: 'from',
      })
    if (keepOnce && !all && from === undefined)
      throw new UsageError('INVALID_ARGUMENT', '"keepOnce" requires "from" or "all": other retries keep everything.', {
        path: 'keepOnce',
      })
    const scope = { from: from === undefined ? null : textArgument(from, 'from'), all }
    const { store, clock, codec, newId } = this.#ports
    const action = newAction(this.#ports, 'retry', await this.#idOf(id), options, scope)
    const original = await this.#whole(action.target)
    if (original.endedAt === null) {
      throw actionRefusedError(`Cannot retry execution "${original.id}" before it ends. Cancel it first.`, original.id)
    }
    const execution = retriedExecution(newId(), original, await this.#definitionOf(original), scope, codec)
    const retried: NewExecution = {
      ...execution,
      ...(once && { isOnlyRetry: true }),
      ...((all || from !== undefined) && !keepOnce && { forgets: tasksToRun(execution) }),
    }
    const answer = { isRefused: false, text: JSON.stringify({ executionId: retried.id }) }
    const created = store.createExecution(retried, { kind: 'call' }, clock.now(), { action, answer })
    this.#parts.acquirer.wake()
    const result = await created
    if (result.kind === 'limited') throw limitedError(retried, result)
    if (result.kind === 'otherRetry') {
      throw actionRefusedError(`Execution "${original.id}" was already retried.`, original.id)
    }
    return retried.id
  }

  /** Deletes old ended executions with all their data, even while engines run. Returns their number. */
  async prune(options: PruneOptions): Promise<number> {
    const { olderThanMs, status, dryRun = false } = options
    const { store, clock } = this.#ports
    const which = {
      endedBeforeAt: clock.now() - numberArgument(olderThanMs, 'olderThanMs', 0),
      ...(status !== undefined && { status }),
    }
    const count = await store.countEnded(which)
    if (dryRun || count === 0) return count
    const action = newAction(this.#ports, 'prune', 'executions', options, which)
    const answer = { isRefused: false, text: JSON.stringify({ executions: count }) }
    let removed = await store.pruneExecutions(which, { action, answer })
    while (removed > 0) {
      await new Promise<void>((resolve) => clock.wakeAfter(PRUNE_PAUSE_MS, resolve))
      removed = await store.pruneExecutions(which)
    }
    return count
  }

  /** Returns the reason why each execution waits. Executions that do not wait are missing. */
  async #waits(rows: readonly ExecutionSummary[]): Promise<ReadonlyMap<string, ExecutionWait>> {
    const active = rows.filter(({ endedAt }) => endedAt === null)
    if (active.length === 0) return new Map()
    const { store, clock } = this.#ports
    const ids = active.map(({ id }) => id)
    const [open, waiting] = await Promise.all([
      store.waits.openOfEach(ids),
      store.history.listWaiting(ids, clock.now() - WAITING_AFTER_MS),
    ])
    return new Map(
      active.flatMap(({ id }): readonly (readonly [string, ExecutionWait])[] => {
        const wait = open.get(id)?.[0] ?? waiting.get(id)
        return wait === undefined ? [] : [[id, wait]]
      }),
    )
  }

  async #whole(id: string): Promise<Execution> {
    const execution = await this.#ports.store.getExecution(await this.#idOf(id))
    if (execution === null) throw unknownExecutionError(id)
    return execution
  }

  async #overview(id: string): Promise<ExecutionOverview> {
    const overview = await this.#ports.store.history.overview(id)
    if (overview === null) throw unknownExecutionError(id)
    return overview
  }

  /** Reads rows of an execution. Throws if there are none because the execution is unknown. */
  async #ofKnown<Row>(given: string, read: (id: string) => Promise<readonly Row[]>): Promise<readonly Row[]> {
    const id = await this.#idOf(given)
    const rows = await read(id)
    if (rows.length === 0) await this.#overview(id)
    return rows
  }

  async #setPaused(kind: 'pause' | 'resume', id: string, options: ActionOptions): Promise<PauseResult> {
    const action = newAction(this.#ports, kind, await this.#idOf(id), options)
    const { answerWithinMs = ANSWER_WITHIN_MS } = options
    const answer = await this.#parts.requests.send(action, { kind, waits: false, reason: '' }, answerWithinMs)
    return { state: answer === null ? 'asked' : 'done' }
  }

  async #definitionOf({ workflow }: Pick<Execution, 'workflow'>): Promise<WorkflowDefinition> {
    const definition = await currentDefinition(this.#ports, workflow)
    if (definition !== null) return definition
    throw new UsageError('WORKFLOW_NOT_FOUND', `Workflow "${workflow}" not found in this database.`, { workflow })
  }

  /** Returns the id that begins with a text. Throws `EXECUTION_NOT_FOUND`, and `INVALID_ARGUMENT` for several ids. */
  async #idOf(given: string): Promise<string> {
    if (textArgument(given, 'id').length >= UUID_LENGTH) return given
    const ids = given === '' ? [] : await this.#ports.store.findExecutionIds(given, MAX_IDS_IN_MESSAGE)
    const [id, ...others] = ids
    if (id === undefined) throw unknownExecutionError(given)
    if (others.length === 0) return id
    const message = `"${given}" matches several executions: ${ids.join(', ')}. Use more characters of the id.`
    throw new UsageError('INVALID_ARGUMENT', message, { executionId: given, path: 'id' })
  }
}

/** Returns the execution that a retry created, or null for another action. */
function createdExecution({ kind, answer }: ActionRow): string | null {
  if (kind !== 'retry' || answer === null || answer.isRefused) return null
  return (JSON.parse(answer.text ?? '{}') as { readonly executionId?: string }).executionId ?? null
}

function unknownTask(task: string, { id, tasks }: Pick<ExecutionOverview, 'id' | 'tasks'>): UsageError {
  const names = tasks.map(({ taskId }) => taskId)
  const message = `Execution "${id}" has no task "${task}".${didYouMean(task, names)}`
  return new UsageError('INVALID_ARGUMENT', message, { task })
}
