/**
 * Polls and firings that users request. A poll happens in the engine that polls the trigger, whose inbox answers the
 * requests of other processes. Used by the service of triggers.
 */

import { UsageError } from '../../errors.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../model/action.ts'
import type { TriggerRow } from '../../model/schedule-rows.ts'
import type { PolledFiring } from '../../model/trigger.ts'
import type { ActionInbox } from '../actions/action-inbox.ts'
import { type ActionRequests, isServed } from '../actions/action-requests.ts'
import type { InputChecks } from '../actions/input-checks.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Acquirer } from '../executions/acquirer.ts'
import type { FiredTick, FiredTickResult } from '../store-ports.ts'
import { firedReport, keysExpireAt, newFirings } from '../triggers/fired-tick.ts'
import type { Scheduler } from '../triggers/scheduler.ts'
import type { PollReport } from '../triggers/trigger-poll.ts'
import { currentDefinition } from './workflow-service.ts'

/** Result of firing a trigger by hand. */
export interface FireReport {
  readonly outcome: 'fired' | 'duplicate' | 'limited'
  /** Id of the started execution. For a duplicate: of the active one with the same context, or that has the key. */
  readonly executionId: string | null
  /** Reason why nothing was started, or null. */
  readonly reason: string | null
}

/** Result of `runner.triggers.poll`. `asked`: the request is stored, but the engine has not answered yet. */
export type PollNowResult = ({ readonly state: 'polled' } & PollReport) | { readonly state: 'asked' }

/** Age of a request after which the trigger is not polled for it any more. */
const EXPIRED_MS = 60_000

/** Age of a request after which any engine refuses it. Clocks of two hosts may differ by some minutes. */
const NEVER_ANSWERED_MS = 600_000

interface ByHandParts {
  readonly inbox: ActionInbox
  readonly scheduler: Scheduler
  readonly requests: ActionRequests
  readonly inputs: InputChecks
  readonly acquirer: Acquirer
}

export class TriggersByHand {
  readonly #ports: EnginePorts
  readonly #parts: ByHandParts
  /** Requests for polls by action: monotonic time at which this engine saw them first. */
  readonly #seen = new Map<string, number>()

  constructor(ports: EnginePorts, parts: ByHandParts) {
    this.#ports = ports
    this.#parts = parts
    parts.inbox.handle('poll', (action) => this.#answer(action))
  }

  /** Starts the workflow of a trigger. `force`: despite deduplication of contexts and `maxActive`. */
  async fire(row: TriggerRow, given: PolledFiring, action: NewAction, force: boolean): Promise<FireReport> {
    const { store, clock, registry } = this.#ports
    const workflow = await currentDefinition(this.#ports, row.workflow)
    if (workflow === null) throw unknownWorkflow(row)
    const contextText = await this.#parts.inputs.checkedFiring(workflow, given.contextText)
    const at = clock.now()
    const declared = registry.current().triggers.get(row.name)
    const trigger = { name: row.name, ...(declared?.priority !== undefined && { priority: declared.priority }) }
    const tick: FiredTick = {
      trigger: row.name,
      lease: null,
      at,
      latenessMs: null,
      durationMs: null,
      firings: newFirings([{ ...given, contextText }], trigger, workflow, at, this.#ports),
      allowConcurrent: force || row.allowConcurrent,
      maxActive: force ? null : row.policy.maxActive,
      aboveLimit: 'dropped',
      onChange: false,
      keysExpireAt: keysExpireAt(row.policy, this.#ports, at),
      byHand: `by hand (${action.source})${action.note === null ? '' : `: ${action.note}`}`,
    }
    const recorded = store.recordFired({
      ...tick,
      recorded: (result) => ({ action, answer: fireAnswer(tick, result) }),
    })
    // In the same tick of the event loop, so that the accepting transaction also acquires the execution.
    this.#parts.acquirer.wake()
    const report = fireReport(tick, await recorded)
    this.#announce(row, tick, report)
    return report
  }

  /** Lets waiting executions of a trigger begin, after its limit has changed. */
  async releaseWaiting(name: string): Promise<void> {
    await this.#parts.scheduler.releaseWaiting(name)
  }

  /** Polls the target of an action. Throws `ACTION_REFUSED` if no engine serves it, or if the engine cannot poll it. */
  async poll(action: NewAction, answerWithinMs: number): Promise<PollNowResult> {
    const { store, clock } = this.#ports
    const here = await this.#parts.scheduler.pollNow(action, false)
    if (here !== null) {
      if (here.isRefused) await store.actions.record(action, here)
      return polled(here, action.target)
    }
    if (!(await isServed(store, clock.now()))) {
      throw refused(`No engine polls trigger "${action.target}". Serve its script with cloaca serve.`, action.target)
    }
    const answer = await this.#parts.requests.ask(action, answerWithinMs)
    return answer === null ? { state: 'asked' } : polled(answer, action.target)
  }

  /** Returns null if another engine polls the trigger, or none, or if the answer is stored with the poll. */
  async #answer(action: ActionRow): Promise<ActionAnswer | null> {
    const { id, target, at } = action
    // An engine that has just started does not know yet what it polls.
    await this.#parts.scheduler.triggers.settled()
    const ageMs = this.#ageMs(id, at)
    if (ageMs <= EXPIRED_MS) {
      const answer = await this.#parts.scheduler.pollNow(action, true)
      return answer?.isRefused ? answer : null
    }
    if (this.#parts.scheduler.triggers.held(target) === null && ageMs <= NEVER_ANSWERED_MS) return null
    return {
      isRefused: true,
      text: `Trigger "${target}" was not polled: no engine served the trigger when the poll was requested.`,
    }
  }

  /** Returns the age by the wall clock, or since the first sight if longer. Infinite for a time far in the future. */
  #ageMs(actionId: string, at: number): number {
    const { clock } = this.#ports
    const now = clock.monotonic()
    for (const [id, seenAt] of this.#seen) if (now - seenAt > NEVER_ANSWERED_MS) this.#seen.delete(id)
    const seenAt = this.#seen.get(actionId) ?? now
    this.#seen.set(actionId, seenAt)
    const wallMs = clock.now() - at
    return wallMs < -NEVER_ANSWERED_MS ? Number.POSITIVE_INFINITY : Math.max(wallMs, now - seenAt)
  }

  #announce({ name, workflow }: TriggerRow, tick: FiredTick, { outcome, reason }: FireReport): void {
    const { events } = this.#ports
    const { at, latenessMs, durationMs } = tick
    events.counters.triggers.of(name).byHand[outcome] += 1
    events.emit('tick', { trigger: name, at, outcome, latenessMs, durationMs, reason: reason ?? tick.byHand })
    if (outcome !== 'fired') return
    for (const { firingId, contextHash, execution } of tick.firings) {
      const executionId = execution?.id ?? null
      events.emit('triggerFired', { trigger: name, workflow, at, firingId, contextHash, executionId })
    }
  }
}

function fireAnswer(tick: FiredTick, result: FiredTickResult): ActionAnswer {
  return { isRefused: false, text: JSON.stringify(fireReport(tick, result)) }
}

function fireReport(tick: FiredTick, result: FiredTickResult): FireReport {
  const { outcome, executionId, reason } = firedReport(tick, result)
  return { outcome: outcome as FireReport['outcome'], executionId, reason }
}

function unknownWorkflow({ name, workflow }: TriggerRow): UsageError {
  const message =
    `Cannot fire trigger "${name}": its workflow "${workflow}" is not in this database. ` +
    'Serve the script that declares the workflow.'
  return new UsageError('WORKFLOW_NOT_FOUND', message, { trigger: name, workflow })
}

function polled(answer: ActionAnswer, name: string): PollNowResult {
  if (answer.isRefused) throw refused(answer.text ?? 'The request was rejected.', name)
  return { state: 'polled', ...(JSON.parse(answer.text ?? '{}') as PollReport) }
}

function refused(message: string, trigger: string): UsageError {
  return new UsageError('ACTION_REFUSED', message, { trigger })
}
