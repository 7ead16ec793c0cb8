/**
 * Records what a poll came to. A firing, its tick and its execution are one step of the store. A poll may have taken
 * something out of the world when it fired (a message, a file), so a firing that the database refuses is tried again
 * until it is recorded or the engine stops; the trigger is not polled meanwhile.
 */

import { toError } from '../../errors.ts'
import type { TriggerCounters } from '../../metrics/engine-counters.ts'
import type { PythonFault } from '../../model/fault.ts'
import { limitedReason, type TriggerPolicy, UNCHANGED_REASON } from '../../model/policy.ts'
import type { TickOutcome } from '../../model/schedule.ts'
import type { PollOutcome, TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import { firingContext, newExecution, type OnFired } from '../firing-context.ts'
import type { Clock, ContextCodec, FailedTick, FiredTick, FiredTickResult, PollRecord, Store } from '../ports.ts'
import type { HeldLease } from './trigger-leases.ts'

export interface TickRecorderPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
}

/** What was polled, under which lease, and how punctual it was. */
export interface Polled {
  readonly definition: TriggerDefinition
  readonly policy: TriggerPolicy
  readonly counters: TriggerCounters
  readonly lease: HeldLease
  readonly times: PollRecord
}

/** What is recorded one by one. */
export type Recorded = Exclude<PollOutcome, { kind: 'skipped' }>

/** What a poll came to, for who asked for it. */
export interface TickReport {
  readonly outcome: TickOutcome
  readonly reason: string | null
  /** Of a firing what it started, of a duplicate what it duplicates. */
  readonly executionId: string | null
  readonly error: PythonFault | null
}

/** `lost`: another has taken the lease. `paused`: the trigger is disabled for its failures. */
export interface RecordResult {
  readonly state: 'recorded' | 'lost' | 'paused'
  readonly report: TickReport
}

/** Whether it is no change where only a change counts: noted as a skip. */
export function isUnchanged({ policy, lease }: Polled, outcome: PollOutcome): boolean {
  return outcome.kind === 'fired' && policy.onChange && lease.isFiring
}

/** What became of a firing. */
export function reportOf(tick: Pick<FiredTick, 'maxActive' | 'execution'>, result: FiredTickResult): TickReport {
  const report = { reason: null, executionId: null, error: null }
  switch (result.kind) {
    case 'started':
    case 'lost':
      return { ...report, outcome: 'fired', executionId: tick.execution?.id ?? null }
    case 'duplicate':
      return { ...report, outcome: 'duplicate', executionId: result.executionId }
    case 'unchanged':
      return skipReport(UNCHANGED_REASON)
    case 'limited':
      return { ...report, outcome: 'limited', reason: limitedReason(tick.maxActive ?? 0, result.active) }
  }
}

export function skipReport(reason: string | null): TickReport {
  return { outcome: 'skipped', reason, executionId: null, error: null }
}

export class TickRecorder {
  readonly #ports: TickRecorderPorts
  readonly #onFired: OnFired
  /** Triggers whose unknown workflow was reported, by trigger and workflow. */
  readonly #reported = new Set<string>()
  readonly #pauses = new Set<() => void>()
  #isStopped = false

  constructor(ports: TickRecorderPorts, onFired: OnFired) {
    this.#ports = ports
    this.#onFired = onFired
  }

  /** Costs no promise: most polls skip. */
  skipped(polled: Polled, outcome: PollOutcome): void {
    const { definition, lease, times } = polled
    const at = this.#ports.clock.now()
    const isFiring = outcome.kind !== 'skipped'
    const reason = isFiring ? UNCHANGED_REASON : outcome.reason
    lease.isFiring = isFiring
    const { latenessMs, durationMs, log = null } = times
    this.#ports.store.noteSkip({ trigger: definition.name, at, reason, latenessMs, durationMs, isFiring, log })
    this.#tick(polled, at, 'skipped', reason)
  }

  /** Settles when it is recorded, or the engine stopped. Never rejects. */
  async record(polled: Polled, outcome: Recorded): Promise<RecordResult> {
    const at = this.#ports.clock.now()
    if (outcome.kind !== 'fired') return this.#failed(polled, { at, outcome: outcome.kind, error: outcome.error })
    let tick: Omit<FiredTick, 'lease'>
    try {
      tick = this.#firedTick(polled, outcome.contextText, at)
    } catch (thrown) {
      const message = `trigger '${polled.definition.name}' fired with a context that cannot be read: ${toError(thrown).message}`
      const error = { type: 'ContextError', message, traceback: '' }
      return this.#failed(polled, { at, outcome: 'failed', error })
    }
    return this.#fired(polled, tick)
  }

  /** The database can be used again: what was refused is tried in this tick of the event loop. */
  retryNow(): void {
    for (const endPause of this.#pauses) endPause()
  }

  stop(): void {
    this.#isStopped = true
    for (const endPause of this.#pauses) endPause()
  }

  /** Throws when the context cannot be read. */
  #firedTick({ definition, policy, times }: Polled, firedText: string | null, at: number): Omit<FiredTick, 'lease'> {
    const { codec, registry, newId } = this.#ports
    const workflow = registry.current().workflows.get(definition.workflow)
    const { inputText, contextHash } = firingContext(firedText, definition, at, codec)
    return {
      trigger: definition.name,
      at,
      ...times,
      contextHash,
      allowConcurrent: definition.allowConcurrent,
      maxActive: policy.maxActive,
      onChange: policy.onChange,
      byHand: null,
      firingId: newId(),
      execution: workflow === undefined ? null : newExecution(newId(), workflow, inputText),
    }
  }

  async #fired(polled: Polled, tick: Omit<FiredTick, 'lease'>): Promise<RecordResult> {
    const { definition, lease } = polled
    const unstored = reportOf(tick, { kind: 'started' })
    return this.#untilStored(`recording a firing of trigger "${definition.name}"`, unstored, () => {
      const recorded = this.#ports.store
        .recordFired({ ...tick, lease: lease.number })
        .then((result) => this.#announceFired(polled, tick, result))
      // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
      if (tick.execution !== null) this.#onFired([tick.execution.id], recorded)
      return recorded
    })
  }

  #announceFired(polled: Polled, tick: Omit<FiredTick, 'lease'>, result: FiredTickResult): RecordResult {
    const { definition, lease } = polled
    const report = reportOf(tick, result)
    if (result.kind === 'lost') {
      this.#warnOfLostLease(definition, 'fired')
      return { state: 'lost', report }
    }
    lease.isFiring = result.kind !== 'limited'
    this.#tick(polled, tick.at, report.outcome, report.reason)
    if (result.kind !== 'started') return { state: 'recorded', report }
    this.#ports.events.emit('triggerFired', {
      trigger: definition.name,
      workflow: definition.workflow,
      at: tick.at,
      firingId: tick.firingId,
      contextHash: tick.contextHash,
      executionId: tick.execution?.id ?? null,
    })
    if (tick.execution === null) this.#reportUnknownWorkflow(definition)
    return { state: 'recorded', report }
  }

  async #failed(polled: Polled, fault: Pick<FailedTick, 'at' | 'outcome' | 'error'>): Promise<RecordResult> {
    const { store, events } = this.#ports
    const { definition: trigger, policy, lease, times } = polled
    const { at, outcome, error } = fault
    this.#tick(polled, at, outcome, null)
    events.emit('triggerFailed', { trigger: trigger.name, script: trigger.script, at, outcome, error })
    const tick = { ...fault, ...times, trigger: trigger.name, pauseAfter: policy.pauseAfter }
    const report: TickReport = { outcome, reason: null, executionId: null, error }
    return this.#untilStored(`recording a failed poll of trigger "${trigger.name}"`, report, async () => {
      const result = await store.recordFailed({ ...tick, lease: lease.number })
      if (result.kind === 'lost') this.#warnOfLostLease(trigger, outcome === 'failed' ? 'failed' : 'timed out')
      if (result.kind === 'paused') this.#warnOfPause(trigger, result.note)
      return { state: result.kind, report }
    })
  }

  #warnOfPause(trigger: TriggerDefinition, note: string): void {
    this.#ports.events.emit('warning', {
      code: 'TRIGGER_PAUSED',
      trigger: trigger.name,
      workflow: trigger.workflow,
      message: `Trigger "${trigger.name}" is ${note}. Fix the cause, then run: cloaca trigger enable ${trigger.name}`,
    })
  }

  #warnOfLostLease(trigger: TriggerDefinition, what: string): void {
    this.#ports.events.emit('warning', {
      code: 'LEASE_LOST',
      trigger: trigger.name,
      workflow: trigger.workflow,
      message: `A poll of trigger "${trigger.name}" ${what} but was not recorded: this process was suspended for so long that another engine now polls the trigger.`,
    })
  }

  #tick({ definition, counters, times }: Polled, at: number, outcome: TickOutcome, reason: string | null): void {
    const { latenessMs, durationMs } = times
    counters.polled(outcome, latenessMs, durationMs)
    const { events } = this.#ports
    if (events.isHeard('tick'))
      events.emit('tick', { trigger: definition.name, at, outcome, latenessMs, durationMs, reason })
  }

  #reportUnknownWorkflow(trigger: TriggerDefinition): void {
    const key = JSON.stringify([trigger.name, trigger.workflow])
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    const hint = didYouMean(trigger.workflow, this.#ports.registry.current().workflows.keys())
    this.#ports.events.emit('warning', {
      code: 'UNKNOWN_WORKFLOW',
      trigger: trigger.name,
      workflow: trigger.workflow,
      message:
        `Trigger "${trigger.name}" fired, but nothing was started: Workflow not found in registry: ${trigger.workflow}.` +
        `${hint} Serve the script that declares this workflow.`,
    })
  }

  /** Or until the engine stops. */
  async #untilStored(during: string, report: TickReport, step: () => Promise<RecordResult>): Promise<RecordResult> {
    const { events, clock } = this.#ports
    for (let failures = 1; !this.#isStopped; failures++) {
      try {
        return await step()
      } catch (thrown) {
        const error = toError(thrown)
        const delayMs = troubleDelayMs(failures)
        if (!this.#isStopped) {
          events.emit('trouble', { during, error, retryAt: clock.now() + delayMs })
          await this.#pause(delayMs)
        }
        // What a poll took out of the world is gone with it: whoever reads the log must hear of that.
        if (this.#isStopped) events.emit('trouble', { during, error, retryAt: null })
      }
    }
    return { state: 'recorded', report }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const endPause = (): void => {
        timer.cancel()
        this.#pauses.delete(endPause)
        resolve()
      }
      const timer = this.#ports.clock.wakeAfter(delayMs, endPause)
      this.#pauses.add(endPause)
    })
  }
}
