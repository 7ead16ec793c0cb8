/**
 * What people may do to executions: cancel, pause, resume, retry. Part of the engine's API, and what its inbox does for other
 * processes. A request is stored first, and applied by the
 * owner of the execution; without a living owner the store applies it in the same step.
 */

import { toError, UsageError } from '../../errors.ts'
import type {
  ActionAnswer,
  ActionKind,
  ActionRow,
  Actor,
  NewAction,
  NumberedRequest,
  SteeringRequest,
} from '../../model/action.ts'
import type { ContextText } from '../../model/context.ts'
import type { AttemptRow, Execution, ExecutionStatus } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { ActionInbox } from '../actions/action-inbox.ts'
import type { ActionRequests } from '../actions/action-requests.ts'
import { recordDone } from '../actions/recorded-actions.ts'
import type { EngineEvents } from '../events.ts'
import type { Executor } from '../executions/executor.ts'
import { mergedOutputs } from '../executions/ready.ts'
import { type RetryScope, retriedExecution } from '../executions/retried.ts'
import { type RunEnds, unknownExecution } from '../executions/run-ends.ts'
import { within } from '../periodic.ts'
import type {
  CancelledExecution,
  Clock,
  ContextCodec,
  EndedExecutions,
  HistoryStore,
  LogQuery,
  SteeringAnswer,
  Store,
  StoredLogPiece,
} from '../ports.ts'

export interface SteeringPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly events: EngineEvents
  readonly registry: RegistrySource
  readonly newId: () => string
  readonly executor: Executor
  readonly ends: RunEnds
  readonly requests: ActionRequests
}

export interface SteeringOptions {
  readonly actor: Actor
  /** How long to wait for the answer of the process that runs it. 0: not at all. */
  readonly answerWithinMs: number
}

/** Effects of a cancellation. */
export interface CancelReport {
  /** Number of attempts that were running. */
  readonly stopped: number
  /** Ids of scripts that lost their state because their interpreter was stopped. */
  readonly lostScripts: readonly string[]
}

/** Result of `runner.executions.cancel`. `asked`: the request is stored, but the engine has not answered yet. */
export type CancelResult = ({ readonly state: 'cancelled' } & CancelReport) | { readonly state: 'asked' }
/**
 * Result of `pause` and `resume` of `runner.executions`. `asked`: the request is stored, but the engine has not
 * answered yet.
 */
export type PauseResult = { readonly state: 'done' | 'asked' }

const UUID_LENGTH = 36
/** Of those that a beginning means. */
const SHOWN_IDS = 4

/** Between two steps of removing: about as long as one takes. */
const PAUSE_MS = 5

/** An owner that lives applies a request within this time; without an answer the caller gets `asked`. */
const APPLIED_WITHIN_MS = 2_000

export class ExecutionSteering {
  readonly #ports: SteeringPorts
  readonly #assertOpen: () => void

  constructor(ports: SteeringPorts, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** Has the inbox apply what other processes requested. */
  serve(inbox: ActionInbox): void {
    for (const kind of ['cancel', 'pause', 'resume'] as const)
      inbox.handle(kind, (action) => this.#applyRequested(action))
  }

  /**
   * Ends an execution early: no further task starts, and those that run are stopped, or with `waits` may end. Settles when its end
   * is stored. Rejects with `EXECUTION_NOT_FOUND`, and with `ACTION_REFUSED` when it had ended before.
   */
  async cancel(id: string, options: SteeringOptions & { readonly waits: boolean }): Promise<CancelResult> {
    const { waits, actor } = options
    const action = this.#action('cancel', id, actor, { waits })
    const reason = actor.note === null ? 'cancelled' : `cancelled: ${actor.note}`
    const answer = await this.#steer(action, { kind: 'cancel', waits, reason }, options)
    if (answer === null) return { state: 'asked' }
    return { state: 'cancelled', ...(JSON.parse(answer.text ?? '{}') as CancelReport) }
  }

  /** No further task starts until it is resumed; running tasks continue. Rejects as `cancel` does, and while it is being cancelled. */
  pause(id: string, options: SteeringOptions): Promise<PauseResult> {
    return this.#setPaused('pause', id, options)
  }

  /** Rejects as `pause` does. */
  resume(id: string, options: SteeringOptions): Promise<PauseResult> {
    return this.#setPaused('resume', id, options)
  }

  /**
   * Starts an execution that is linked to an ended one and has its input: what completed there keeps its output. Settles with
   * its id. Rejects with `EXECUTION_NOT_FOUND`, `WORKFLOW_NOT_FOUND`, and with `ACTION_REFUSED` when it has not ended.
   */
  async retry(id: string, scope: RetryScope, actor: Actor): Promise<string> {
    const action = this.#action('retry', id, actor, { ...scope })
    const { store, clock, newId, executor } = this.#ports
    const original = await store.getExecution(id)
    if (original === null) throw unknownExecution(id)
    if (original.endedAt === null) throw refused(`Cannot retry execution "${id}" before it ends. Cancel it first.`, id)
    const retried = retriedExecution(newId(), original, await this.#definitionOf(original), scope)
    const answer = { isRefused: false, text: JSON.stringify({ executionId: retried.id }) }
    const created = store.createExecution(retried, { kind: 'call' }, clock.now(), { action, answer })
    executor.acquirer.wake()
    await created
    return retried.id
  }

  /** Reads that cost the same however long the history is. */
  get history(): HistoryStore {
    this.#assertOpen()
    return this.#ports.store.history
  }

  /**
   * The context that a task begins with, to the letter: what the tasks have left that it depends on by the newest definition of the
   * workflow. Null where there is no such task. Rejects with `EXECUTION_NOT_FOUND`.
   */
  async taskInputText(id: string, taskId: string): Promise<ContextText | null> {
    const { store, codec } = this.#ports
    const execution = await store.history.overview(id)
    if (execution === null) throw unknownExecution(id)
    if (!execution.tasks.some((task) => task.taskId === taskId)) return null
    const definition = await this.#definitionOf(execution)
    const dependencies = definition.tasks.find((task) => task.id === taskId)?.dependencies ?? []
    const texts = dependencies.map((outputOf) => store.history.contextText(id, { outputOf }))
    return texts.length === 0
      ? await store.history.contextText(id, 'input')
      : mergedOutputs(await Promise.all(texts), codec)
  }

  now(): number {
    return this.#ports.clock.now()
  }

  /** How many there are in each status. */
  async count(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>> {
    this.#assertOpen()
    return this.#ports.store.countExecutions()
  }

  /** The id that a beginning of it means. Rejects with `EXECUTION_NOT_FOUND`, and `INVALID_ARGUMENT` where it means several. */
  async idOf(given: string): Promise<string> {
    this.#assertOpen()
    if (given.length >= UUID_LENGTH) return given
    const ids = given === '' ? [] : await this.#ports.store.findExecutionIds(given, SHOWN_IDS)
    const [id, ...others] = ids
    if (id === undefined) throw unknownExecution(given)
    if (others.length === 0) return id
    const message = `"${given}" matches several executions: ${ids.join(', ')}. Use more characters of the id.`
    throw new UsageError('INVALID_ARGUMENT', message, { executionId: given, path: 'id' })
  }

  /** What attempts printed and logged, in the order of writing. */
  async log(query: LogQuery): Promise<readonly StoredLogPiece[]> {
    this.#assertOpen()
    return await this.#ports.store.logs.list(query)
  }

  /**
   * Removes ended executions with all that belongs to them, in small steps with pauses, so that whoever serves is not held
   * up. Settles with how many; with `isDryRun` nothing is removed.
   */
  async prune(which: EndedExecutions, isDryRun: boolean, actor: Actor): Promise<number> {
    const { store, clock } = this.#ports
    const count = await store.countEnded(which)
    if (isDryRun || count === 0) return count
    const action = this.#action('prune', 'executions', actor, which)
    while ((await store.pruneExecutions(which)) > 0) {
      await new Promise<void>((resolve) => clock.wakeAfter(PAUSE_MS, resolve))
    }
    await recordDone(this.#ports, action, { isRefused: false, text: JSON.stringify({ executions: count }) })
    return count
  }

  /** In the order of their ends. */
  async attempts(id: string): Promise<readonly AttemptRow[]> {
    this.#assertOpen()
    return this.#ports.store.listAttempts(id)
  }

  /** What was done to it, newest first. */
  async actions(id: string): Promise<readonly ActionRow[]> {
    this.#assertOpen()
    return this.#ports.store.actions.list(id, { limit: 1_000, offset: 0 })
  }

  async #definitionOf({ workflow }: Pick<Execution, 'workflow'>): Promise<WorkflowDefinition> {
    const { registry, store } = this.#ports
    const declared = registry.current().workflows.get(workflow)
    const definition = declared ?? (await store.listWorkflows([workflow]))[0]
    if (definition !== undefined) return definition
    throw new UsageError('WORKFLOW_NOT_FOUND', `Workflow "${workflow}" not found in this database.`, { workflow })
  }

  #action(kind: ActionKind, target: string, { source, note }: Actor, given: object | null = null): NewAction {
    this.#assertOpen()
    const argumentsText = given === null ? null : JSON.stringify(given)
    return { id: this.#ports.newId(), kind, target, source, note, argumentsText, at: this.#ports.clock.now() }
  }

  async #setPaused(kind: 'pause' | 'resume', id: string, options: SteeringOptions): Promise<PauseResult> {
    const action = this.#action(kind, id, options.actor)
    const answer = await this.#steer(action, { kind, waits: false, reason: '' }, options)
    return { state: answer === null ? 'asked' : 'done' }
  }

  /** Stores a request and has it applied. Null: the owner has not applied it yet. Throws if the request is refused. */
  async #steer(
    action: NewAction,
    request: Pick<SteeringRequest, 'kind' | 'waits' | 'reason'>,
    options: SteeringOptions,
  ): Promise<ActionAnswer | null> {
    const { store } = this.#ports
    const { id: actionId, target: id, at } = action
    const stored = await store.steer(action, { ...request, actionIds: [actionId], at })
    if (stored.kind === 'unknown') throw unknownExecution(id)
    if (stored.kind === 'ended') throw refused(`Execution "${id}" has already ended: ${stored.status}.`, id)
    if (stored.kind === 'cancelling') throw refused(`Execution "${id}" is already being cancelled.`, id)
    if (stored.kind === 'applied') await this.#announce(id, stored.cancelled)
    const answer = await this.#answered(action, stored, options.answerWithinMs)
    if (answer?.isRefused)
      throw refused(
        answer.text ?? `An engine rejected the request without giving a reason, so execution "${id}" was not changed.`,
        id,
      )
    return answer
  }

  /** Null: nobody has answered in time, or the answer cannot be read: the request is stored in any case. */
  async #answered(action: NewAction, stored: SteeringAnswer, answerWithinMs: number): Promise<ActionAnswer | null> {
    const { requests, events } = this.#ports
    try {
      if (stored.kind !== 'requested') return await requests.answerTo(action.id, 0)
      const release = await this.#applyHere(action, stored.request)
      if (release === 'elsewhere' || release === 'lost') return await this.#answerOfOwner(action, answerWithinMs)
      return await requests.answerTo(action.id, 0)
    } catch (thrown) {
      const during = `waiting for the result of the request "${action.kind}"`
      events.emit('trouble', { during, error: toError(thrown), retryAt: null })
      return null
    }
  }

  /** Settles when this engine has stored it, or gave up waiting for that; of a cancel when the execution is not held any more. */
  async #applyHere({ kind, target: id }: NewAction, request: NumberedRequest): Promise<unknown> {
    const { executor, clock } = this.#ports
    // Perhaps this engine has just begun to take it.
    if (!executor.isRunning(id)) await executor.acquirer.settled()
    const applied = executor.apply(id, request)
    if (applied === null) return 'elsewhere'
    return kind === 'cancel' ? await applied : await within(applied, APPLIED_WITHIN_MS, clock)
  }

  /** A cancel that the owner has applied is waited for longer: its tasks may take time to stop. */
  async #answerOfOwner(action: NewAction, answerWithinMs: number): Promise<ActionAnswer | null> {
    const { requests, store } = this.#ports
    const soon = await requests.answerTo(action.id, Math.min(answerWithinMs, APPLIED_WITHIN_MS))
    if (soon !== null || action.kind !== 'cancel' || answerWithinMs <= APPLIED_WITHIN_MS) return soon
    const isApplied = (await store.history.overview(action.target))?.cancelRequestedAt !== null
    return isApplied ? await requests.answerTo(action.id, answerWithinMs - APPLIED_WITHIN_MS) : null
  }

  async #announce(executionId: string, cancelled: CancelledExecution | null): Promise<void> {
    if (cancelled === null) return
    const { events, ends } = this.#ports
    const { workflow, errorMessage, endedAt: at } = cancelled
    events.emit('executionFinished', { executionId, workflow, status: 'Cancelled', errorMessage, at })
    ends.check()
  }

  /** Applies the state of the store, whatever the action says: a newer request may have replaced it. The store answers it. */
  async #applyRequested({ target: id }: ActionRow): Promise<ActionAnswer | null> {
    const { store, executor, clock } = this.#ports
    const found = await store.applyRequest(id, clock.now())
    if (found.kind === 'requested') await executor.apply(id, found.request)
    else if (found.kind === 'applied') await this.#announce(id, found.cancelled)
    else if (found.kind === 'unknown') throw unknownExecution(id)
    else throw hasEnded(await store.getExecution(id))
    return null
  }
}

function hasEnded(execution: Execution | null): UsageError {
  const id = execution?.id ?? ''
  return refused(`Execution "${id}" has already ended: ${execution?.status}.`, id)
}

function refused(message: string, executionId: string): UsageError {
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
