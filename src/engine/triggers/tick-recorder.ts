/**
 * Records what a poll came to. A firing, its tick and its execution are one step of the store. A poll may have taken
 * something out of the world when it fired (a message, a file), so a firing that the database refuses is tried again
 * until it is recorded or the engine stops; the trigger is not polled meanwhile.
 */

import { toError } from '../../errors.ts'
import { limitedReason, type TriggerPolicy, UNCHANGED_REASON } from '../../model/policy.ts'
import type { TickOutcome } from '../../model/schedule.ts'
import type { PollOutcome, TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import { firingContext, newExecution } from '../firing-context.ts'
import type { Clock, ContextCodec, FailedTick, FiredTick, FiredTickResult, PollTimes, Store } from '../ports.ts'
import type { HeldLease } from './polled-triggers.ts'

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
  readonly lease: HeldLease
  readonly times: PollTimes
}

/** What is recorded one by one. */
export type Recorded = Exclude<PollOutcome, { kind: 'skipped' }>

/** `lost`: another has taken the lease. `paused`: the trigger is disabled for its failures. */
export type RecordResult = 'recorded' | 'lost' | 'paused'

/** Whether it is no change where only a change counts: noted as a skip. */
export function isUnchanged({ policy, lease }: Polled, outcome: PollOutcome): boolean {
  return outcome.kind === 'fired' && policy.onChange && lease.isFiring
}

/** What watchers hear of a firing. */
function toldOf(
  tick: Pick<FiredTick, 'maxActive'>,
  result: Exclude<FiredTickResult, { kind: 'lost' }>,
): [TickOutcome, string | null] {
  switch (result.kind) {
    case 'started':
      return ['fired', null]
    case 'duplicate':
      return ['duplicate', null]
    case 'unchanged':
      return ['skipped', UNCHANGED_REASON]
    case 'limited':
      return ['limited', limitedReason(tick.maxActive ?? 0, result.active)]
  }
}

export class TickRecorder {
  readonly #ports: TickRecorderPorts
  readonly #onAccepted: (announced: Promise<unknown>) => void
  /** Triggers whose unknown workflow was reported, by trigger and workflow. */
  readonly #reported = new Set<string>()
  readonly #pauses = new Set<() => void>()
  #isStopped = false

  /** `onAccepted` is called in the tick of the event loop in which the store is asked to start an execution; see `Executor.accepted`. */
  constructor(ports: TickRecorderPorts, onAccepted: (announced: Promise<unknown>) => void) {
    this.#ports = ports
    this.#onAccepted = onAccepted
  }

  /** Costs no promise: most polls skip. */
  skipped({ definition, lease, times }: Polled, outcome: PollOutcome): void {
    const at = this.#ports.clock.now()
    const { latenessMs, durationMs } = times
    const isFiring = outcome.kind !== 'skipped'
    const reason = isFiring ? UNCHANGED_REASON : outcome.reason
    lease.isFiring = isFiring
    this.#ports.store.noteSkip({ trigger: definition.name, at, latenessMs, durationMs, reason, isFiring })
    this.#tick(definition, at, times, 'skipped', reason)
  }

  /** Settles when it is recorded, or the engine stopped. Never rejects. */
  async record(polled: Polled, outcome: Recorded): Promise<RecordResult> {
    const at = this.#ports.clock.now()
    if (outcome.kind !== 'fired') return this.#failed(polled, { at, outcome: outcome.kind, error: outcome.error })
    let tick: Omit<FiredTick, 'lease'>
    try {
      tick = this.#firedTick(polled, outcome.contextText, at)
    } catch (thrown) {
      const message = `trigger '${polled.definition.name}' fired a context that cannot be read: ${toError(thrown).message}`
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
    return this.#untilStored(`recording a firing of trigger "${definition.name}"`, () => {
      const recorded = this.#ports.store
        .recordFired({ ...tick, lease: lease.number })
        .then((result) => this.#announceFired(polled, tick, result))
      // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
      if (tick.execution !== null) this.#onAccepted(recorded)
      return recorded
    })
  }

  #announceFired({ definition, lease }: Polled, tick: Omit<FiredTick, 'lease'>, result: FiredTickResult): RecordResult {
    if (result.kind === 'lost') {
      this.#warnOfLostLease(definition, 'fired')
      return 'lost'
    }
    lease.isFiring = result.kind !== 'limited'
    this.#tick(definition, tick.at, tick, ...toldOf(tick, result))
    if (result.kind !== 'started') return 'recorded'
    this.#ports.events.emit('triggerFired', {
      trigger: definition.name,
      workflow: definition.workflow,
      at: tick.at,
      firingId: tick.firingId,
      contextHash: tick.contextHash,
      executionId: tick.execution?.id ?? null,
    })
    if (tick.execution === null) this.#reportUnknownWorkflow(definition)
    return 'recorded'
  }

  async #failed(polled: Polled, fault: Pick<FailedTick, 'at' | 'outcome' | 'error'>): Promise<RecordResult> {
    const { store, events } = this.#ports
    const { definition: trigger, lease, policy, times } = polled
    const { at, outcome, error } = fault
    this.#tick(trigger, at, times, outcome, null)
    events.emit('triggerFailed', { trigger: trigger.name, script: trigger.script, at, outcome, error })
    const tick = { ...fault, ...times, trigger: trigger.name, pauseAfter: policy.pauseAfter }
    return this.#untilStored(`recording a failed poll of trigger "${trigger.name}"`, async () => {
      const result = await store.recordFailed({ ...tick, lease: lease.number })
      if (result.kind === 'lost') this.#warnOfLostLease(trigger, outcome === 'failed' ? 'failed' : 'timed out')
      if (result.kind === 'paused') this.#warnOfPause(trigger, result.note)
      return result.kind
    })
  }

  #warnOfPause(trigger: TriggerDefinition, note: string): void {
    this.#ports.events.emit('warning', {
      code: 'TRIGGER_PAUSED',
      trigger: trigger.name,
      workflow: trigger.workflow,
      message: `Trigger "${trigger.name}" is ${note}. When it is mended: cloaca trigger enable ${trigger.name}`,
    })
  }

  #warnOfLostLease(trigger: TriggerDefinition, what: string): void {
    this.#ports.events.emit('warning', {
      code: 'LEASE_LOST',
      trigger: trigger.name,
      workflow: trigger.workflow,
      message: `A poll of trigger "${trigger.name}" ${what}, and was not recorded: this process stood still for so long that another one polls the trigger now.`,
    })
  }

  #tick(
    trigger: TriggerDefinition,
    at: number,
    { latenessMs, durationMs }: PollTimes,
    outcome: TickOutcome,
    reason: string | null,
  ): void {
    const { events } = this.#ports
    if (!events.isHeard('tick')) return
    events.emit('tick', { trigger: trigger.name, at, outcome, latenessMs, durationMs, reason })
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
      message: `Trigger "${trigger.name}" fired, but nothing was started: Workflow not found in registry: ${trigger.workflow}.${hint}`,
    })
  }

  /** Or until the engine stops. */
  async #untilStored(during: string, step: () => Promise<RecordResult>): Promise<RecordResult> {
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
    return 'recorded'
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
