/**
 * Records what a poll came to. A firing, its tick and its execution are one step of the store. A poll may have taken
 * something out of the world when it fired (a message, a file), so a firing that the database refuses is tried again
 * until it is recorded or the engine stops; the trigger is not polled meanwhile.
 */

import { toError } from '../../errors.ts'
import type { PollOutcome, TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import { firingContext, newExecution } from '../firing-context.ts'
import type { Clock, ContextCodec, FailedTick, FiredTick, FiredTickResult, Store } from '../ports.ts'
import type { HeldLease } from './polled-triggers.ts'

export interface TickRecorderPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
}

/** What was polled, and under which lease. */
export interface Polled {
  readonly definition: TriggerDefinition
  readonly lease: HeldLease
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
  skipped(trigger: TriggerDefinition): void {
    const at = this.#ports.clock.now()
    this.#ports.store.noteSkip(trigger.name, at)
    this.#tick(trigger, at, 'skipped')
  }

  /** Settles when it is recorded, or the engine stopped; false when the lease was lost. Never rejects. */
  async record(
    { definition: trigger, lease }: Polled,
    outcome: Exclude<PollOutcome, { kind: 'skipped' }>,
  ): Promise<boolean> {
    const at = this.#ports.clock.now()
    if (outcome.kind !== 'fired') {
      return this.#failed(trigger, lease, { at, outcome: outcome.kind, error: outcome.error })
    }
    let tick: Omit<FiredTick, 'lease'>
    try {
      tick = this.#firedTick(trigger, outcome.contextText, at)
    } catch (thrown) {
      const message = `trigger '${trigger.name}' fired a context that cannot be read: ${toError(thrown).message}`
      const error = { type: 'ContextError', message, traceback: '' }
      return this.#failed(trigger, lease, { at, outcome: 'failed', error })
    }
    return this.#fired(trigger, lease, tick)
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
  #firedTick(trigger: TriggerDefinition, firedText: string | null, at: number): Omit<FiredTick, 'lease'> {
    const { codec, registry, newId } = this.#ports
    const workflow = registry.current().workflows.get(trigger.workflow)
    const { inputText, contextHash } = firingContext(firedText, trigger, at, codec)
    return {
      trigger: trigger.name,
      at,
      contextHash,
      allowConcurrent: trigger.allowConcurrent,
      firingId: newId(),
      execution: workflow === undefined ? null : newExecution(newId(), workflow, inputText),
    }
  }

  async #fired(trigger: TriggerDefinition, lease: HeldLease, tick: Omit<FiredTick, 'lease'>): Promise<boolean> {
    return this.#untilStored(`recording a firing of trigger "${trigger.name}"`, () => {
      const recorded = this.#ports.store
        .recordFired({ ...tick, lease: lease.number })
        .then((result) => this.#announceFired(trigger, tick, result.kind))
      // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
      if (tick.execution !== null) this.#onAccepted(recorded)
      return recorded
    })
  }

  #announceFired(trigger: TriggerDefinition, tick: Omit<FiredTick, 'lease'>, kind: FiredTickResult['kind']): boolean {
    if (kind === 'lost') {
      this.#warnOfLostLease(trigger, 'fired')
      return false
    }
    this.#tick(trigger, tick.at, kind === 'started' ? 'fired' : 'duplicate')
    if (kind === 'duplicate') return true
    this.#ports.events.emit('triggerFired', {
      trigger: trigger.name,
      workflow: trigger.workflow,
      at: tick.at,
      firingId: tick.firingId,
      contextHash: tick.contextHash,
      executionId: tick.execution?.id ?? null,
    })
    if (tick.execution === null) this.#reportUnknownWorkflow(trigger)
    return true
  }

  async #failed(
    trigger: TriggerDefinition,
    lease: HeldLease,
    tick: Pick<FailedTick, 'at' | 'outcome' | 'error'>,
  ): Promise<boolean> {
    const { store, events } = this.#ports
    const { at, outcome, error } = tick
    this.#tick(trigger, at, outcome)
    events.emit('triggerFailed', { trigger: trigger.name, script: trigger.script, at, outcome, error })
    return this.#untilStored(`recording a failed poll of trigger "${trigger.name}"`, async () => {
      const isOurs =
        (await store.recordFailed({ ...tick, trigger: trigger.name, lease: lease.number })).kind === 'recorded'
      if (!isOurs) this.#warnOfLostLease(trigger, outcome === 'failed' ? 'failed' : 'timed out')
      return isOurs
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
    outcome: 'skipped' | 'fired' | 'duplicate' | 'failed' | 'timedOut',
  ): void {
    const { events } = this.#ports
    if (events.isHeard('tick')) events.emit('tick', { trigger: trigger.name, at, outcome })
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
  async #untilStored(during: string, step: () => Promise<boolean>): Promise<boolean> {
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
    return true
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
