/**
 * What people may do to executions: cancel, pause, resume, retry. Part of the engine's API, and what its inbox does for other
 * processes. What an owner must do is asked of the owner; the rest is done at once, whoever serves.
 */

import { UsageError } from '../../errors.ts'
import type { ActionAnswer, ActionKind, ActionRow, Actor, NewAction } from '../../model/action.ts'
import type { ContextText } from '../../model/context.ts'
import type { AttemptRow, Execution, ExecutionStatus } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { ActionInbox } from '../actions/action-inbox.ts'
import type { ActionRequests } from '../actions/action-requests.ts'
import type { EngineEvents } from '../events.ts'
import type { CancelReport } from '../executions/cancel.ts'
import type { Executor } from '../executions/executor.ts'
import { mergedOutputs } from '../executions/ready.ts'
import { type RetryScope, retriedExecution } from '../executions/retried.ts'
import { type RunEnds, unknownExecution } from '../executions/run-ends.ts'
import type { Clock, ContextCodec, EndedExecutions, HistoryStore, LogQuery, Store, StoredLogPiece } from '../ports.ts'

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

/** `asked`: the process that runs it has not answered yet, and will do it as soon as it does. */
export type CancelResult = ({ readonly state: 'cancelled' } & CancelReport) | { readonly state: 'asked' }
export type PauseResult = { readonly state: 'done' | 'asked' }

const UUID_LENGTH = 36
/** Of those that a beginning means. */
const SHOWN_IDS = 4

/** Between two steps of removing: about as long as one takes. */
const PAUSE_MS = 5

const DONE: ActionAnswer = { isRefused: false, text: null }
const NOTHING_STOPPED: ActionAnswer = {
  isRefused: false,
  text: JSON.stringify({ stopped: 0, lostScripts: [] } satisfies CancelReport),
}

export class ExecutionSteering {
  readonly #ports: SteeringPorts
  readonly #assertOpen: () => void

  constructor(ports: SteeringPorts, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** Has the inbox do for other processes what this does for callers here. */
  serve(inbox: ActionInbox): void {
    inbox.handle('cancel', (action) => this.#cancelAsked(action))
    inbox.handle('pause', (action) => this.#steered(action, this.#ports.executor.pause(action.target)))
    inbox.handle('resume', (action) => this.#steered(action, this.#ports.executor.resume(action.target)))
  }

  /**
   * Ends an execution early: no further task starts, and those that run are stopped, or with `waits` may end. Settles when it
   * has ended. Rejects with `EXECUTION_NOT_FOUND`, and with `ACTION_REFUSED` when it had ended before.
   */
  async cancel(id: string, options: SteeringOptions & { readonly waits: boolean }): Promise<CancelResult> {
    const action = this.#action('cancel', id, options.actor, { waits: options.waits })
    const answer = await this.#doneOrAsked(action, options, await this.#cancel(action))
    if (answer === null) return { state: 'asked' }
    return { state: 'cancelled', ...(JSON.parse(answer.text ?? '{}') as CancelReport) }
  }

  /** No further task starts until it is resumed; those that run go on. Rejects as `cancel` does. */
  async pause(id: string, options: SteeringOptions): Promise<PauseResult> {
    return this.#setPaused(this.#action('pause', id, options.actor), this.#ports.clock.now(), options)
  }

  /** Rejects as `cancel` does. */
  async resume(id: string, options: SteeringOptions): Promise<PauseResult> {
    return this.#setPaused(this.#action('resume', id, options.actor), null, options)
  }

  /**
   * Starts an execution that is linked to an ended one and has its input: what completed there keeps its output. Settles with
   * its id. Rejects with `EXECUTION_NOT_FOUND`, `WORKFLOW_NOT_FOUND`, and with `ACTION_REFUSED` when it has not ended.
   */
  async retry(id: string, scope: RetryScope, actor: Actor): Promise<string> {
    this.#assertOpen()
    const { store, clock, newId, executor } = this.#ports
    const original = await store.getExecution(id)
    if (original === null) throw unknownExecution(id)
    if (original.endedAt === null) throw refused(`Execution "${id}" has not ended: cancel it first.`, id)
    const retried = retriedExecution(newId(), original, await this.#definitionOf(original), scope)
    const created = store.createExecution(retried, { kind: 'call' }, clock.now())
    const answer = { isRefused: false, text: JSON.stringify({ executionId: retried.id }) }
    // In the same tick of the event loop, so that a process that is killed leaves both or neither.
    const recorded = store.actions.record(this.#action('retry', id, actor, { ...scope }), answer)
    executor.acquirer.wake()
    await Promise.all([created, recorded])
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
    const message = `Several executions have an id that begins with "${given}": ${ids.join(', ')}. Give more of it.`
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
    await store.actions.record(action, { isRefused: false, text: JSON.stringify({ executions: count }) })
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
    const definition = declared ?? (await store.listWorkflows()).find(({ key }) => key === workflow)
    if (definition !== undefined) return definition
    throw new UsageError('WORKFLOW_NOT_FOUND', `There is no workflow "${workflow}" in this database.`, { workflow })
  }

  #action(kind: ActionKind, target: string, { source, note }: Actor, given: object | null = null): NewAction {
    this.#assertOpen()
    const argumentsText = given === null ? null : JSON.stringify(given)
    return { id: this.#ports.newId(), kind, target, source, note, argumentsText, at: this.#ports.clock.now() }
  }

  /** Null: another process has to do it. */
  async #cancel(action: NewAction): Promise<ActionAnswer | null> {
    const { executor, store, clock, events, ends } = this.#ports
    const { target: id, note, argumentsText } = action
    const { waits = false } = JSON.parse(argumentsText ?? '{}') as { readonly waits?: boolean }
    const reason = note === null ? 'cancelled' : `cancelled: ${note}`
    const report = await executor.cancel(id, { reason, waits })
    if (report !== null) return reported(report)
    const endedAt = clock.now()
    const found = await store.cancelUnowned(id, { endedAt, errorMessage: reason })
    if (found === 'owned') {
      // Perhaps by this process, which has just begun to take it.
      await executor.acquirer.settled()
      const taken = await executor.cancel(id, { reason, waits })
      return taken === null ? null : reported(taken)
    }
    const execution = await store.getExecution(id)
    if (execution === null) throw unknownExecution(id)
    if (found !== 'cancelled') throw hasEnded(execution)
    const { workflow } = execution
    events.emit('executionFinished', {
      executionId: id,
      workflow,
      status: 'Cancelled',
      errorMessage: reason,
      at: endedAt,
    })
    ends.check()
    return NOTHING_STOPPED
  }

  async #setPaused(action: NewAction, pausedAt: number | null, options: SteeringOptions): Promise<PauseResult> {
    const { store, executor } = this.#ports
    const { target: id } = action
    const found = await store.setPaused(id, pausedAt)
    if (found === 'unknown') throw unknownExecution(id)
    if (found === 'ended') throw hasEnded(await store.getExecution(id))
    const steered = (): boolean => (pausedAt === null ? executor.resume(id) : executor.pause(id))
    let isHere = steered()
    if (!isHere && found === 'owned') {
      await executor.acquirer.settled()
      isHere = steered()
    }
    const answer = await this.#doneOrAsked(action, options, isHere || found === 'unowned' ? DONE : null)
    return { state: answer === null ? 'asked' : 'done' }
  }

  /** One that somebody else has cancelled since this was asked is what the asker wanted: nothing is done twice. */
  async #cancelAsked(action: NewAction): Promise<ActionAnswer | null> {
    try {
      return await this.#cancel(action)
    } catch (thrown) {
      const execution = await this.#ports.store.getExecution(action.target)
      const isDone = execution?.status === 'Cancelled' && execution.endedAt !== null && execution.endedAt >= action.at
      if (!isDone) throw thrown
      return NOTHING_STOPPED
    }
  }

  /** What has ended since it was asked for is answered by whoever looks first: its owner has forgotten it. */
  async #steered({ target: id }: NewAction, isDone: boolean): Promise<ActionAnswer | null> {
    if (isDone) return DONE
    const execution = await this.#ports.store.getExecution(id)
    if (execution === null) throw unknownExecution(id)
    if (execution.endedAt !== null) throw hasEnded(execution)
    return null
  }

  /** Stores what was done here, or asks whoever has it. Throws what that one says against it. */
  async #doneOrAsked(
    action: NewAction,
    { answerWithinMs }: SteeringOptions,
    done: ActionAnswer | null,
  ): Promise<ActionAnswer | null> {
    const { store, requests } = this.#ports
    if (done !== null) {
      await store.actions.record(action, done)
      return done
    }
    const answer = await requests.ask(action, answerWithinMs)
    if (answer?.isRefused) throw refused(answer.text ?? 'It was refused.', action.target)
    return answer
  }
}

function reported(report: CancelReport): ActionAnswer {
  return { isRefused: false, text: JSON.stringify(report) }
}

function hasEnded(execution: Execution | null): UsageError {
  const id = execution?.id ?? ''
  return refused(`Execution "${id}" has ended already: ${execution?.status}.`, id)
}

function refused(message: string, executionId: string): UsageError {
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
