/**
 * Records the outcomes of polls. The firings of a poll, its tick, its state and the executions are one step of the
 * store, and so are a poll that a user requested and its action. A poll may have consumed a message or a file when it
 * fired, so a firing that the database rejects is stored again until it succeeds or the engine stops. The trigger is
 * not polled during that time.
 */

import { toError, UsageError } from '../../errors.ts'
import type { ActionAnswer } from '../../model/action.ts'
import type { PythonFault } from '../../model/fault.ts'
import { UNCHANGED_REASON } from '../../model/policy.ts'
import type { TickOutcome } from '../../model/schedule-rows.ts'
import type { PollOutcome, TriggerDefinition } from '../../model/trigger.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { RetriedWrites } from '../backoff/retried-writes.ts'
import type { EnginePorts } from '../engine-options.ts'
import { FailureReports } from '../incidents/failure-reports.ts'
import type { OnFired } from '../starts/firing-context.ts'
import type { FailedTick, FiredTick, FiredTickResult, FiringRefusal, RecordedAction } from '../store-ports.ts'
import { contextsText, firedReport, firingResults, keysExpireAt, newFirings } from './fired-tick.ts'
import type { FiringResult, PolledState, PollRecord, SkippedTick, StateChanged } from './poll-records.ts'
import type { PolledTrigger } from './polled-trigger.ts'
import type { PolledTriggers } from './polled-triggers.ts'
import type { HeldLease } from './trigger-leases.ts'
import type { PollByHand, PollReport, TriggerPoll } from './trigger-poll.ts'

const NOTHING_FIRED = { executionId: null, firings: 0, duplicates: 0 }

export class TickRecorder {
  readonly #ports: EnginePorts
  readonly #onFired: OnFired
  readonly #triggers: PolledTriggers
  readonly #reports: FailureReports
  /** Undeclared workflows that were reported, by trigger. */
  readonly #reported = new Map<string, string>()
  readonly #writes: RetriedWrites

  constructor(ports: EnginePorts, onFired: OnFired, triggers: PolledTriggers, writes: RetriedWrites) {
    this.#ports = ports
    this.#onFired = onFired
    this.#triggers = triggers
    this.#reports = new FailureReports(ports)
    this.#writes = writes
  }

  /**
   * Records the outcome of a poll. Returns null for a skip that changes nothing, which most polls are, and which needs
   * no promise. Otherwise the promise settles when the outcome is stored, or with null if the lease was lost or the
   * engine stopped before.
   */
  record(trigger: PolledTrigger, poll: TriggerPoll, outcome: PollOutcome): Promise<PollReport | null> | null {
    const at = this.#ports.clock.now()
    if (outcome.kind === 'failed' || outcome.kind === 'timedOut') {
      return this.#failed(trigger, poll, { at, outcome: outcome.kind, error: outcome.error })
    }
    const { definition, lease, latenessMs, durationMs, log } = poll
    const { onChange } = trigger.policy
    const isFiring = outcome.kind === 'fired'
    if (onChange && (poll.given !== null || (isFiring && outcome.isList))) {
      return this.#failed(trigger, poll, { at, outcome: 'failed', error: onChangeFault(definition) })
    }
    const isUnchanged = onChange && lease.isFiring
    if (isFiring && !isUnchanged) return this.#fired(trigger, poll, outcome, at)
    lease.isFiring = isFiring
    const reason = isFiring ? UNCHANGED_REASON : outcome.reason
    const skip = { trigger: definition.name, at, reason, latenessMs, durationMs, isFiring, log }
    const polledState = polledStateOf(poll, outcome)
    const isStored = poll.byHand !== null || (polledState !== undefined && isChange(polledState))
    if (isStored) return this.#skipped(trigger, poll, skip, polledState)
    this.#ports.store.noteSkip(skip)
    this.#tick(trigger, poll, at, 'skipped', reason)
    return null
  }

  /** Stores a skip that a user requested or that changed the state, before the next poll. */
  async #skipped(
    trigger: PolledTrigger,
    poll: TriggerPoll,
    skip: SkippedTick,
    polled: PolledState | undefined,
  ): Promise<PollReport | null> {
    const { lease, byHand, durationMs } = poll
    const { at, reason } = skip
    const report: PollReport = { ...NOTHING_FIRED, outcome: 'skipped', reason, error: null, durationMs }
    const recorded = byHand === null ? {} : { recorded: actionOf(byHand, at, report) }
    const result = await this.#writes.store({
      during: `recording a poll of trigger "${skip.trigger}"`,
      run: () => {
        const polledState = polled === undefined ? {} : { polledState: { ...polled, lease: lease.number } }
        return this.#ports.store.recordSkip({ ...skip, ...polledState, ...recorded })
      },
    })
    if (result === null) return null
    if (result.kind === 'stateChanged') return await this.#stateChanged(trigger, poll, result, at)
    if (result.kind === 'lost') {
      this.#leaseLost(trigger, poll.definition, 'changed its state')
      return null
    }
    noteState(lease, polled)
    this.#tick(trigger, poll, at, 'skipped', reason)
    return report
  }

  #fired(
    trigger: PolledTrigger,
    poll: TriggerPoll,
    outcome: Extract<PollOutcome, { kind: 'fired' }>,
    at: number,
  ): Promise<PollReport | null> {
    const { definition, lease } = poll
    let tick: Omit<FiredTick, 'lease'>
    try {
      tick = this.#firedTick(trigger, poll, outcome, at)
    } catch (thrown) {
      return this.#failed(trigger, poll, { at, outcome: 'failed', error: firingsFault(definition, toError(thrown)) })
    }
    const executionIds = tick.firings.flatMap(({ execution }) => execution?.id ?? [])
    return this.#writes.store({
      during: `recording a firing of trigger "${definition.name}"`,
      detail: () => contextsText(outcome.firings),
      run: () => {
        const recorded = this.#ports.store
          .recordFired({ ...tick, lease: lease.number })
          .then((result) => this.#announceFired(trigger, poll, tick, result))
        // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
        if (executionIds.length > 0) this.#onFired(executionIds, recorded)
        return recorded
      },
    })
  }

  /** Throws if a context cannot be read. The state of a trigger whose workflow is not declared stays as it is. */
  #firedTick(
    { policy }: PolledTrigger,
    poll: TriggerPoll,
    outcome: Extract<PollOutcome, { kind: 'fired' }>,
    at: number,
  ): Omit<FiredTick, 'lease'> {
    const { definition, durationMs, byHand } = poll
    const workflow = this.#ports.registry.current().workflows.get(definition.workflow)
    const polledState = workflow === undefined ? undefined : polledStateOf(poll, outcome)
    const tick: Omit<FiredTick, 'lease'> = {
      trigger: definition.name,
      at,
      ...recordOf(poll),
      firings: newFirings(outcome.firings, definition, workflow, at, this.#ports),
      allowConcurrent: definition.allowConcurrent,
      maxActive: policy.maxActive,
      // The next poll offers a firing that was dropped again, unless the state has advanced or a list was consumed.
      aboveLimit: outcome.isList || polledState !== undefined ? 'waits' : 'dropped',
      onChange: policy.onChange,
      ...(polledState !== undefined && { polledState }),
      ...(workflow === undefined && { refusal: this.#refusal(definition, at) }),
      keysExpireAt: keysExpireAt(policy, this.#ports, at),
      byHand: null,
    }
    if (byHand === null) return tick
    const reportOf = (result: FiredTickResult) => ({ ...firedReport(tick, result), error: null, durationMs })
    return { ...tick, recorded: (result) => actionOf(byHand, at, reportOf(result)) }
  }

  #refusal(definition: TriggerDefinition, at: number): FiringRefusal {
    const hint = didYouMean(definition.workflow, this.#ports.registry.current().workflows.keys())
    const reason = `Workflow not found in registry: ${definition.workflow}.${hint}`
    const error = { type: 'WORKFLOW_NOT_FOUND', message: reason, traceback: '' }
    const { failing } = this.#reports.failedPoll(definition, error, null, at)
    return { reason, ...(failing !== undefined && { failing }) }
  }

  #announceFired(
    trigger: PolledTrigger,
    poll: TriggerPoll,
    tick: Omit<FiredTick, 'lease'>,
    result: FiredTickResult,
  ): PollReport | null | Promise<PollReport | null> {
    const { definition, lease, durationMs } = poll
    if (result.kind === 'stateChanged') return this.#stateChanged(trigger, poll, result, tick.at)
    if (result.kind === 'lost') {
      this.#leaseLost(trigger, definition, 'fired')
      return null
    }
    const report = { ...firedReport(tick, result), error: null, durationMs }
    noteState(lease, tick.polledState)
    lease.isFiring = result.kind !== 'limited' && tick.refusal === undefined
    this.#tick(trigger, poll, tick.at, report.outcome, report.reason)
    if (tick.refusal === undefined) this.#reported.delete(definition.name)
    else this.#reportRefusal(definition, tick.refusal)
    this.#announceFirings(trigger, definition, tick, firingResults(result))
    return report
  }

  #announceFirings(
    { counters, lease }: PolledTrigger,
    definition: TriggerDefinition,
    { at, firings }: Omit<FiredTick, 'lease'>,
    results: readonly FiringResult[],
  ): void {
    for (const [index, { firingId, contextHash, execution }] of firings.entries()) {
      const result = results[index]
      if (result === undefined) return
      if (result.kind === 'limited') continue
      if (result.kind !== 'refused') counters.firings[result.kind] += 1
      if (result.kind === 'duplicate') continue
      if (result.kind === 'started' && result.waits && lease !== null) lease.hasWaiting = true
      const executionId = execution?.id ?? null
      const { name: trigger, workflow } = definition
      this.#ports.events.emit('triggerFired', { trigger, workflow, at, firingId, contextHash, executionId })
    }
    if (lease?.hasWaiting) void this.releaseWaiting(definition.name)
  }

  /** Lets waiting executions of a trigger begin. Returns whether some still wait, or whether this is unknown. */
  async releaseWaiting(trigger: string): Promise<boolean> {
    try {
      const { store, clock } = this.#ports
      const { released, waiting } = await store.releaseWaiting(trigger, clock.now())
      if (released.length > 0) this.#onFired(released, Promise.resolve())
      return waiting > 0
    } catch (thrown) {
      const during = `starting waiting executions of trigger "${trigger}"`
      this.#ports.events.emit('trouble', { during, error: toError(thrown), retryAt: null })
      return true
    }
  }

  /** Records a poll as failed because its state is not the stored one any more. */
  #stateChanged(
    trigger: PolledTrigger,
    poll: TriggerPoll,
    { state }: StateChanged,
    at: number,
  ): Promise<PollReport | null> {
    poll.lease.state = state
    const message =
      `the state of trigger '${poll.definition.name}' was changed during the poll (version ${state.version} is ` +
      'stored), so that nothing was started; the next poll receives the stored state'
    const error = { type: 'STATE_CHANGED', message, traceback: '' }
    return this.#failed(trigger, poll, { at, outcome: 'failed', error })
  }

  async #failed(
    trigger: PolledTrigger,
    poll: TriggerPoll,
    fault: Pick<FailedTick, 'at' | 'outcome' | 'error'>,
  ): Promise<PollReport | null> {
    const { store, events } = this.#ports
    const { definition, lease, durationMs, byHand } = poll
    const { at, outcome, error } = fault
    const { name, script } = definition
    this.#tick(trigger, poll, at, outcome, null)
    events.emit('triggerFailed', { trigger: name, script, at, outcome, error })
    const report: PollReport = { ...NOTHING_FIRED, outcome, reason: null, error, durationMs }
    const recorded = byHand === null ? {} : { recorded: actionOf(byHand, at, report) }
    const { pauseAfter } = trigger.policy
    const incidents = this.#reports.failedPoll(definition, error, pauseAfter, at)
    const tick = { ...fault, ...recordOf(poll), ...recorded, ...incidents, trigger: name, pauseAfter }
    return await this.#writes.store({
      during: `recording a failed poll of trigger "${name}"`,
      run: async () => {
        const result = await store.recordFailed({ ...tick, lease: lease.number })
        if (result.kind === 'paused') this.#paused(trigger, definition, result.note)
        if (result.kind !== 'lost') return report
        this.#leaseLost(trigger, definition, outcome === 'failed' ? 'failed' : 'timed out')
        return null
      },
    })
  }

  #paused(trigger: PolledTrigger, { name, workflow }: TriggerDefinition, note: string): void {
    this.#ports.events.emit('warning', {
      code: 'TRIGGER_PAUSED',
      trigger: name,
      workflow,
      message: `Trigger "${name}" is ${note}. Fix the cause, then run: cloaca trigger enable ${name}`,
    })
    this.#triggers.paused(trigger)
  }

  #leaseLost(trigger: PolledTrigger, { name, workflow }: TriggerDefinition, what: string): void {
    this.#ports.events.emit('warning', {
      code: 'LEASE_LOST',
      trigger: name,
      workflow,
      message:
        `A poll of trigger "${name}" ${what} but was not recorded: this process was suspended for so long ` +
        `that another engine now polls the trigger.`,
    })
    this.#triggers.leaseLost(trigger)
  }

  #tick(trigger: PolledTrigger, poll: TriggerPoll, at: number, outcome: TickOutcome, reason: string | null): void {
    const { definition, latenessMs, durationMs } = poll
    trigger.counters.polled(outcome, latenessMs, durationMs)
    const { events } = this.#ports
    if (events.isHeard('tick'))
      events.emit('tick', { trigger: definition.name, at, outcome, latenessMs, durationMs, reason })
  }

  /** Reports the first of consecutive refusals. */
  #reportRefusal({ name, workflow }: TriggerDefinition, { reason }: FiringRefusal): void {
    if (this.#reported.get(name) === workflow) return
    this.#reported.set(name, workflow)
    this.#ports.events.emit('warning', {
      code: 'UNKNOWN_WORKFLOW',
      trigger: name,
      workflow,
      message:
        `Trigger "${name}" fired, but nothing was started: ${reason} ` +
        'Serve the script that declares this workflow.',
    })
  }
}

function recordOf({ latenessMs, durationMs, log }: TriggerPoll): PollRecord {
  return { latenessMs, durationMs, log }
}

/** Undefined if the trigger takes no state. */
function polledStateOf(
  { given }: TriggerPoll,
  { stateText }: Exclude<PollOutcome, { kind: 'failed' | 'timedOut' }>,
): PolledState | undefined {
  if (given === null) return undefined
  return { version: given.version, beforeText: given.text, afterText: stateText ?? given.text }
}

function isChange({ beforeText, afterText }: PolledState): boolean {
  return beforeText !== afterText
}

/** Keeps the state that was stored with a tick for the next poll. */
function noteState(lease: HeldLease, polled: PolledState | undefined): void {
  if (polled !== undefined && isChange(polled)) lease.state = { text: polled.afterText, version: polled.version + 1 }
}

/** Returns the error of a poll with a context that cannot be read, an invalid key, or too many firings. */
function firingsFault({ name }: TriggerDefinition, error: Error): PythonFault {
  const isContext = !(error instanceof UsageError) || error.code === 'INVALID_CONTEXT'
  const reason = isContext ? 'fired with a context that cannot be read' : 'returned firings that cannot be stored'
  return {
    type: isContext ? 'ContextError' : 'ValueError',
    message: `trigger '${name}' ${reason}: ${error.message}`,
    traceback: '',
  }
}

/** Returns the error of a poll whose firing may not be suppressed, because the state would advance without it. */
function onChangeFault({ name }: TriggerDefinition): PythonFault {
  const message =
    `trigger '${name}' has on_change, which would drop firings of a list or of a trigger with a state; ` +
    `remove on_change, or run: cloaca trigger set ${name} --reset`
  return { type: 'ValueError', message, traceback: '' }
}

export function toActionAnswer(report: PollReport): ActionAnswer {
  return { isRefused: false, text: JSON.stringify(report) }
}

function actionOf({ action, isAsked }: PollByHand, at: number, report: PollReport): RecordedAction {
  return { action, answer: toActionAnswer(report), ...(isAsked && { answeredAt: at }) }
}
