/**
 * What people may do to triggers: enable, disable, set, fire, poll. Part of the engine's API, and what its inbox does for
 * other processes. Only a poll needs the process that has the code; the rest is done at once, whoever serves, and that
 * one notices it within half a second.
 */

import { UsageError } from '../../errors.ts'
import type { ActionAnswer, ActionKind, ActionRow, Actor, NewAction } from '../../model/action.ts'
import type { ContextText } from '../../model/context.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { Catchup, TriggerOverrides } from '../../model/policy.ts'
import type { TickOutcome, TriggerRow } from '../../model/schedule.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { ActionInbox } from '../actions/action-inbox.ts'
import type { ActionRequests } from '../actions/action-requests.ts'
import { recordDone } from '../actions/recorded-actions.ts'
import type { CronCalls } from '../cron/cron-calls.ts'
import type { EngineEvents } from '../events.ts'
import type { Executor } from '../executions/executor.ts'
import { firingContext, newExecution } from '../firing-context.ts'
import type { Clock, ContextCodec, FiredTick, FiredTickResult, Store } from '../ports.ts'
import type { Scheduler } from '../triggers/scheduler.ts'
import { reportOf } from '../triggers/tick-recorder.ts'
import type { TriggerCalls } from '../triggers/trigger-calls.ts'
import type { SteeringOptions } from './execution-steering.ts'
import type { InputChecks } from './input-checks.ts'
import { isServed } from './instance-calls.ts'
import { removeTrigger } from './trigger-removal.ts'

export interface TriggerSteeringPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly events: EngineEvents
  readonly registry: RegistrySource
  readonly newId: () => string
  readonly scheduler: Scheduler
  readonly triggers: TriggerCalls
  readonly crons: CronCalls
  readonly requests: ActionRequests
  readonly inputs: InputChecks
  readonly executor: Executor
}

export interface FireOptions {
  readonly actor: Actor
  /** It starts whatever is active: neither deduplication nor `maxActive` holds it back. */
  readonly force: boolean
}

/** Result of firing a trigger by hand. */
export interface FireReport {
  readonly outcome: 'fired' | 'duplicate' | 'limited'
  /** Id of the started execution. For a duplicate: id of the active execution with the same context. */
  readonly executionId: string | null
  /** Reason why nothing was started, or null. */
  readonly reason: string | null
}

/** Result of polling a trigger by hand. */
export interface PollReport {
  readonly outcome: TickOutcome
  /** Reason why the poll skipped or started nothing, or null. */
  readonly reason: string | null
  /** Id of the started execution. For a duplicate: id of the active execution with the same context. */
  readonly executionId: string | null
  readonly error: PythonFault | null
  readonly durationMs: number
}

/** Result of `runner.triggers.poll`. `asked`: the request is stored, but the engine has not answered yet. */
export type PollNowResult = ({ readonly state: 'polled' } & PollReport) | { readonly state: 'asked' }

/** A poll that nobody was there for is not wanted any more when somebody comes. */
const ASKED_TOO_LONG_AGO_MS = 60_000

/** Whoever looks answers it then, so that nothing is looked at for good. Clocks of two hosts may differ by some minutes. */
const NEVER_ANSWERED_MS = 600_000

export class TriggerSteering {
  readonly #ports: TriggerSteeringPorts
  readonly #assertOpen: () => void
  /** Requests for polls, by action: monotonic time at which this engine saw them first. */
  readonly #seen = new Map<string, number>()

  constructor(ports: TriggerSteeringPorts, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** Has the inbox do for other processes what this does for callers here. */
  serve(inbox: ActionInbox): void {
    inbox.handle('poll', (action) => this.#answerPoll(action))
  }

  /** False when there is no such trigger. Takes effect immediately, here and elsewhere, and survives restarts. */
  setEnabled(name: string, isEnabled: boolean, actor: Actor): Promise<boolean> {
    const action = this.#action(isEnabled ? 'enable' : 'disable', name, actor)
    return this.#ports.triggers.setEnabled(name, isEnabled, actor.note, action)
  }

  /** Sets what takes precedence over the declaration; null resets it. False when there is no such polled trigger. */
  set(name: string, overrides: TriggerOverrides | null, actor: Actor): Promise<boolean> {
    return this.#ports.triggers.override(name, overrides, this.#action('set', name, actor, overrides))
  }

  /** The same of a cron trigger. */
  setCatchup(name: string, catchup: Catchup | null, actor: Actor): Promise<boolean> {
    const action = this.#action('set', name, actor, catchup === null ? null : { catchup })
    return this.#ports.crons.overrideTrigger(name, catchup, action)
  }

  /**
   * Removes a trigger that no process declares any more, polled or with a cron expression, with its history; its executions
   * stay. False when there is none of that name. Rejects with `ACTION_REFUSED` while a process that serves declares it.
   */
  async delete(name: string, actor: Actor): Promise<boolean> {
    const action = this.#action('delete', name, actor)
    const { store, clock } = this.#ports
    if (!(await removeTrigger(store, clock, name))) return false
    await recordDone(this.#ports, action)
    return true
  }

  /**
   * Starts the workflow of a trigger, as if a poll of it had fired with that context; null: without one. Needs no process
   * that serves, and works for one that is disabled. Rejects with `TRIGGER_NOT_FOUND`,
   * `WORKFLOW_NOT_FOUND` and `INVALID_CONTEXT`, and with `ACTION_REFUSED` if no engine can check the context.
   */
  async fire(name: string, contextText: ContextText | null, { actor, force }: FireOptions): Promise<FireReport> {
    const { store, executor } = this.#ports
    const action = this.#action('fire', name, actor, { force })
    const row = await this.#found(name)
    const unrecorded = await this.#tick(row, contextText, actor, force)
    const answer = (result: FiredTickResult): ActionAnswer => ({
      isRefused: false,
      text: JSON.stringify(fireReport(unrecorded, result)),
    })
    const tick: FiredTick = { ...unrecorded, recorded: { action, answer } }
    const recorded = store.recordFired(tick)
    // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
    executor.acquirer.wake()
    const report = fireReport(tick, await recorded)
    this.#announce(row, tick, report.outcome, report.reason)
    return report
  }

  /**
   * Polls a trigger out of turn, in the process that polls it. Rejects with `TRIGGER_NOT_FOUND`, and with `ACTION_REFUSED` when
   * no process serves it, or that one cannot.
   */
  async poll(name: string, { actor, answerWithinMs }: SteeringOptions): Promise<PollNowResult> {
    const { store, requests, clock } = this.#ports
    await this.#found(name)
    const action = this.#action('poll', name, actor)
    const here = await this.#pollHere(name)
    if (here !== null) {
      await store.actions.record(action, here)
      return polled(here, name)
    }
    if (!(await isServed(store, clock.now()))) {
      throw refused(`No engine polls trigger "${name}". Serve its script with cloaca serve.`, name)
    }
    const answer = await requests.ask(action, answerWithinMs)
    return answer === null ? { state: 'asked' } : polled(answer, name)
  }

  /** What was done to it, newest first. */
  async actions(name: string): Promise<readonly ActionRow[]> {
    this.#assertOpen()
    return this.#ports.store.actions.list(name, { limit: 1_000, offset: 0 })
  }

  /** Null: another process polls it, or none. */
  async #answerPoll({ id, target, at }: ActionRow): Promise<ActionAnswer | null> {
    const { scheduler } = this.#ports
    // An engine that has just begun does not know yet what it polls.
    await scheduler.triggers.settled()
    const ageMs = this.#ageMs(id, at)
    if (ageMs <= ASKED_TOO_LONG_AGO_MS) return this.#pollHere(target)
    if (scheduler.triggers.held(target) === null && ageMs <= NEVER_ANSWERED_MS) return null
    return {
      isRefused: true,
      text: `Trigger "${target}" was not polled: no engine served the trigger when the poll was requested.`,
    }
  }

  /**
   * Time since a poll was requested: by the wall clock or, should that be set back, since it was seen here. A request that is further
   * in the future than clocks of two hosts differ was made before its clock was set back: how old it is cannot be told.
   */
  #ageMs(actionId: string, at: number): number {
    const { clock } = this.#ports
    const now = clock.monotonic()
    for (const [id, seenAt] of this.#seen) if (now - seenAt > NEVER_ANSWERED_MS) this.#seen.delete(id)
    const seenAt = this.#seen.get(actionId) ?? now
    this.#seen.set(actionId, seenAt)
    const wallMs = clock.now() - at
    return wallMs < -NEVER_ANSWERED_MS ? Number.POSITIVE_INFINITY : Math.max(wallMs, now - seenAt)
  }

  async #pollHere(name: string): Promise<ActionAnswer | null> {
    const result = await this.#ports.scheduler.pollNow(name)
    if (result === null) return null
    if (result.kind === 'answered') return { isRefused: false, text: JSON.stringify(result.report) }
    return {
      isRefused: true,
      text: `The result of polling trigger "${name}" is unknown, because the engine that polls it is stopping.`,
    }
  }

  async #found(name: string): Promise<TriggerRow> {
    this.#assertOpen()
    const row = await this.#ports.triggers.get(name)
    if (row === null)
      throw new UsageError('TRIGGER_NOT_FOUND', `Trigger "${name}" not found in this database.`, { trigger: name })
    return row
  }

  async #tick(
    { name, workflow, allowConcurrent, policy }: TriggerRow,
    contextText: ContextText | null,
    { source, note }: Actor,
    force: boolean,
  ): Promise<FiredTick> {
    const { codec, newId, registry, store, inputs } = this.#ports
    const declared = registry.current().workflows.get(workflow)
    const definition = declared ?? (await store.listWorkflows([workflow]))[0]
    if (definition === undefined) {
      const message =
        `Cannot fire trigger "${name}": its workflow "${workflow}" is not in this database. ` +
        'Serve the script that declares the workflow.'
      throw new UsageError('WORKFLOW_NOT_FOUND', message, { trigger: name, workflow })
    }
    const firedText = await inputs.checkedFiring(definition, contextText)
    const at = this.#ports.clock.now()
    const { inputText, contextHash } = firingContext(firedText, { name }, at, codec)
    return {
      trigger: name,
      lease: null,
      at,
      latenessMs: null,
      durationMs: null,
      contextHash,
      allowConcurrent: force || allowConcurrent,
      maxActive: force ? null : policy.maxActive,
      onChange: false,
      byHand: `by hand (${source})${note === null ? '' : `: ${note}`}`,
      firingId: newId(),
      execution: newExecution(newId(), definition, inputText),
    }
  }

  #announce({ name, workflow }: TriggerRow, tick: FiredTick, outcome: TickOutcome, reason: string | null): void {
    const { events } = this.#ports
    const { at, latenessMs, durationMs } = tick
    events.counters.triggers.of(name).byHand[outcome as FireReport['outcome']] += 1
    events.emit('tick', { trigger: name, at, outcome, latenessMs, durationMs, reason: reason ?? tick.byHand })
    if (outcome !== 'fired') return
    events.emit('triggerFired', {
      trigger: name,
      workflow,
      at,
      firingId: tick.firingId,
      contextHash: tick.contextHash,
      executionId: tick.execution?.id ?? null,
    })
  }

  #action(kind: ActionKind, target: string, { source, note }: Actor, given: object | null = null): NewAction {
    this.#assertOpen()
    const argumentsText = given === null ? null : JSON.stringify(given)
    return { id: this.#ports.newId(), kind, target, source, note, argumentsText, at: this.#ports.clock.now() }
  }
}

function fireReport(tick: FiredTick, result: FiredTickResult): FireReport {
  const { outcome, executionId, reason } = reportOf(tick, result)
  return { outcome: outcome as FireReport['outcome'], executionId, reason }
}

function polled(answer: ActionAnswer, name: string): PollNowResult {
  if (answer.isRefused) throw refused(answer.text ?? 'The request was rejected.', name)
  return { state: 'polled', ...(JSON.parse(answer.text ?? '{}') as PollReport) }
}

function refused(message: string, trigger: string): UsageError {
  return new UsageError('ACTION_REFUSED', message, { trigger })
}
