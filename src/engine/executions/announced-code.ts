/**
 * Tells the store what code this process has, so that the others share triggers and executions with it, and so that triggers which no
 * process declares any more are known as such. With it go the definitions of workflows. Driven by `engine.ts` at the start and after each
 * change of the registry.
 */

import { toError } from '../../errors.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, InstanceCode, Store, Timer } from '../ports.ts'
import { WorkflowRecords } from './workflow-records.ts'

export interface AnnouncedCodePorts {
  readonly instanceId: string
  readonly store: Store
  readonly clock: Clock
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly config: Pick<EngineConfig, 'pollingEnabled'>
}

export class AnnouncedCode {
  readonly #ports: AnnouncedCodePorts
  readonly #workflows: WorkflowRecords
  /** JSON of what the store has of this process. */
  #told = ''
  #telling: Promise<void> | null = null
  #mustTell = false
  #failures = 0
  #timer: Timer | null = null
  #isStopped = false

  constructor(ports: AnnouncedCodePorts) {
    this.#ports = ports
    this.#workflows = new WorkflowRecords(ports)
  }

  /** The code may be another now. `isServing`: others are to know of it. */
  record(isServing: boolean): void {
    void this.#workflows.save(this.#ports.registry.current())
    if (isServing) void this.tell()
  }

  /** Settles when the store knows, or could not be told. Nothing is written where nothing differs. */
  tell(): Promise<void> {
    this.#mustTell = true
    this.#telling ??= this.#tellAll()
    return this.#telling
  }

  /** The store may have none of it. */
  forget(): void {
    this.#workflows.forget()
    this.#told = ''
  }

  /** This process stops: from now on it polls nothing, and takes no executions. What its code declares is still there. */
  async handOver(isPolling: boolean): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    if (!isPolling) return
    const { store, instanceId, clock } = this.#ports
    try {
      await store.announce(instanceId, { ...this.#code(), isPolling: false, workflows: [] }, clock.now())
    } catch {
      // Others take what it held when this instance is closed, or dead.
    }
  }

  async #tellAll(): Promise<void> {
    this.#timer?.cancel()
    try {
      while (this.#mustTell && !this.#isStopped) {
        this.#mustTell = false
        await this.#write()
      }
      this.#failures = 0
    } catch (thrown) {
      // The code of this process in the store is not known now.
      this.#told = ''
      this.#failures += 1
      const { clock, events } = this.#ports
      const delayMs = troubleDelayMs(this.#failures)
      const retryAt = clock.now() + delayMs
      events.emit('trouble', { during: 'storing which scripts this engine serves', error: toError(thrown), retryAt })
      this.#timer = clock.wakeAfter(delayMs, () => void this.tell())
    }
    this.#telling = null
  }

  async #write(): Promise<void> {
    const { store, instanceId, clock } = this.#ports
    const code = this.#code()
    const text = JSON.stringify(code)
    if (text === this.#told) return
    await store.announce(instanceId, code, clock.now())
    this.#told = text
  }

  #code(): InstanceCode {
    const { registry, config } = this.#ports
    const { triggers, workflows } = registry.current()
    const named = (isWanted: (trigger: TriggerDefinition) => boolean) =>
      [...triggers.values()].filter(isWanted).map(({ name }) => name)
    return {
      isPolling: config.pollingEnabled,
      polled: named(({ timing }) => timing.kind === 'poll'),
      crons: named(({ timing }) => timing.kind === 'cron'),
      workflows: [...workflows.values()].map(({ key, version }) => ({ name: key, version })),
    }
  }
}
