/**
 * Requests of users to cancel, pause or resume an execution. A request is stored first. The owner of the execution
 * applies it; without a living owner, the store applies it in the same step. The inbox of the engine applies the
 * requests of other processes. Used by the service of executions.
 */

import { toError, UsageError } from '../../../errors.ts'
import type { ActionAnswer, ActionRow, NewAction, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import type { Execution } from '../../../model/execution.ts'
import type { ActionInbox } from '../../actions/action-inbox.ts'
import type { ActionRequests } from '../../actions/action-requests.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { Executor } from '../../executions/executor.ts'
import { type RunEnds, unknownExecutionError } from '../../executions/run-ends.ts'
import { MissedDeadlines } from '../../incidents/missed-deadlines.ts'
import { settledWithin } from '../../periodic.ts'
import type { CancelledExecution, JudgeUnowned, SteeringAnswer } from '../../store-ports.ts'

/** Time within which a living owner applies a request. Without an answer, the caller gets `asked`. */
const APPLIED_WITHIN_MS = 2_000

type RequestPorts = Pick<EnginePorts, 'store' | 'clock' | 'events' | 'codec' | 'incidents' | 'registry'>

interface RequestParts {
  readonly inbox: ActionInbox
  readonly executor: Executor
  readonly ends: RunEnds
  readonly requests: ActionRequests
}

export class ExecutionRequests {
  readonly #ports: RequestPorts
  readonly #parts: RequestParts
  readonly #judge: JudgeUnowned

  constructor(ports: RequestPorts, parts: RequestParts) {
    this.#ports = ports
    const deadlines = new MissedDeadlines(ports)
    this.#judge = (execution, endedAt) => deadlines.ofUnowned(execution, endedAt)
    this.#parts = parts
    for (const kind of ['cancel', 'pause', 'resume'] as const) {
      parts.inbox.handle(kind, (action) => this.#applyRequested(action))
    }
  }

  /** Stores a request and returns its answer, or null if it is late. Throws `EXECUTION_NOT_FOUND`, `ACTION_REFUSED`. */
  async send(
    action: NewAction,
    request: Pick<SteeringRequest, 'kind' | 'waits' | 'reason'>,
    answerWithinMs: number,
  ): Promise<ActionAnswer | null> {
    const { store } = this.#ports
    const { id: actionId, target: id, at } = action
    const stored = await store.steer(action, { ...request, actionIds: [actionId], at }, this.#judge)
    if (stored.kind === 'unknown') throw unknownExecutionError(id)
    if (stored.kind === 'ended') throw actionRefusedError(`Execution "${id}" has already ended: ${stored.status}.`, id)
    if (stored.kind === 'cancelling') throw actionRefusedError(`Execution "${id}" is already being cancelled.`, id)
    if (stored.kind === 'applied') await this.#announce(id, stored.cancelled)
    const answer = await this.#answered(action, stored, answerWithinMs)
    if (answer?.isRefused)
      throw actionRefusedError(
        answer.text ?? `An engine rejected the request without giving a reason, so execution "${id}" was not changed.`,
        id,
      )
    return answer
  }

  /** Returns null without an answer in time, or if it cannot be read. The request is stored in any case. */
  async #answered(action: NewAction, stored: SteeringAnswer, answerWithinMs: number): Promise<ActionAnswer | null> {
    const { requests } = this.#parts
    try {
      if (stored.kind !== 'requested') return await requests.answerTo(action.id, 0)
      const release = await this.#applyHere(action, stored.request)
      if (release === 'elsewhere' || release === 'lost') return await this.#answerOfOwner(action, answerWithinMs)
      return await requests.answerTo(action.id, 0)
    } catch (thrown) {
      const during = `waiting for the result of the request "${action.kind}"`
      this.#ports.events.emit('trouble', { during, error: toError(thrown), retryAt: null })
      return null
    }
  }

  /** Settles when this engine has stored the result, or has waited long enough. A cancel settles after the release. */
  async #applyHere({ kind, target: id }: NewAction, request: NumberedRequest): Promise<unknown> {
    const { executor } = this.#parts
    // This engine may be acquiring it.
    if (!executor.isRunning(id)) await executor.acquirer.settled()
    const applied = executor.apply(id, request)
    if (applied === null) return 'elsewhere'
    return kind === 'cancel' ? await applied : await settledWithin(applied, APPLIED_WITHIN_MS, this.#ports.clock)
  }

  /** Waits longer for a cancel that the owner has applied, because its tasks may take time to stop. */
  async #answerOfOwner(action: NewAction, answerWithinMs: number): Promise<ActionAnswer | null> {
    const { requests } = this.#parts
    const soon = await requests.answerTo(action.id, Math.min(answerWithinMs, APPLIED_WITHIN_MS))
    if (soon !== null || action.kind !== 'cancel' || answerWithinMs <= APPLIED_WITHIN_MS) return soon
    const isApplied = (await this.#ports.store.history.overview(action.target))?.cancelRequestedAt !== null
    return isApplied ? await requests.answerTo(action.id, answerWithinMs - APPLIED_WITHIN_MS) : null
  }

  async #announce(executionId: string, cancelled: CancelledExecution | null): Promise<void> {
    if (cancelled === null) return
    const { workflow, errorMessage, endedAt: at } = cancelled
    const end = { status: 'Cancelled', errorMessage, cause: null, at } as const
    this.#ports.events.emit('executionFinished', { executionId, workflow, ...end })
    this.#parts.ends.check()
    // A child's end may have made its parent available.
    this.#parts.executor.waits.ended([])
    this.#parts.executor.acquirer.wake()
    await this.#cancelChildren(executionId)
  }

  /** Applies the cancels of children that the cancel of their parent has stored. */
  async #cancelChildren(executionId: string): Promise<void> {
    const { store, clock } = this.#ports
    for (const child of await store.chains.listChildren(executionId)) {
      const found = await store.applyRequest(child.executionId, clock.now(), this.#judge)
      if (found.kind === 'applied') await this.#announce(child.executionId, found.cancelled)
      else if (found.kind === 'requested') void this.#parts.executor.apply(child.executionId, found.request)
    }
  }

  /** Applies the stored request, which may be newer than the action. The store answers the action. */
  async #applyRequested({ target: id }: ActionRow): Promise<ActionAnswer | null> {
    const { store, clock } = this.#ports
    const found = await store.applyRequest(id, clock.now(), this.#judge)
    if (found.kind === 'requested') await this.#parts.executor.apply(id, found.request)
    else if (found.kind === 'applied') await this.#announce(id, found.cancelled)
    else if (found.kind === 'unknown') throw unknownExecutionError(id)
    else throw hasEnded(await store.getExecution(id))
    return null
  }
}

function hasEnded(execution: Execution | null): UsageError {
  const id = execution?.id ?? ''
  return actionRefusedError(`Execution "${id}" has already ended: ${execution?.status}.`, id)
}

export function actionRefusedError(message: string, executionId: string): UsageError {
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
