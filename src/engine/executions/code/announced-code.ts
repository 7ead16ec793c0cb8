/**
 * Stores which code this engine has, so that engines share triggers and executions, and undeclared triggers are found.
 * Also stores the definitions of workflows. Driven by `engine.ts` at the start and after each change of the registry.
 */

import type { TriggerDefinition } from '../../../model/trigger.ts'
import { Reconciler } from '../../backoff/reconciler.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { InstanceCode } from '../../store-ports.ts'
import { WorkflowRecords } from './workflow-records.ts'

export class AnnouncedCode {
  readonly #ports: EnginePorts
  readonly #workflows: WorkflowRecords
  /** JSON of the announced code, or empty if it is unknown what the store contains. */
  #announced = ''
  readonly #passes: Reconciler

  constructor(ports: EnginePorts) {
    this.#ports = ports
    this.#workflows = new WorkflowRecords(ports)
    this.#passes = new Reconciler(ports, 'storing which scripts this engine serves', () => this.#announce())
  }

  /** Stores the workflows of the loaded scripts and, after `start`, the names of everything that they declare. */
  record(): void {
    void this.#workflows.save(this.#ports.registry.current())
    void this.#passes.request()
  }

  /** Announces the code to other engines. Resolves after the first attempt, also if it failed. */
  start(): Promise<void> {
    return this.#passes.start()
  }

  /** Forgets the announced code, because another database is open. */
  forget(): void {
    this.#workflows.forget()
    this.#announced = ''
  }

  /** Announces that this engine polls no triggers and takes no executions any more. Its declarations stay. */
  async handOver(isPolling: boolean): Promise<void> {
    void this.#passes.stop()
    if (!isPolling) return
    const { store, instanceId, clock } = this.#ports
    try {
      await store.announce(instanceId, { ...this.#code(), isPolling: false, workflows: [] }, clock.now())
    } catch {
      // Ignored: other engines take over when this one is closed, or dead
    }
  }

  async #announce(): Promise<void> {
    const { store, instanceId, clock } = this.#ports
    const code = this.#code()
    const text = JSON.stringify(code)
    if (text === this.#announced) return
    // If the step fails, it is unknown what the store contains.
    this.#announced = ''
    await store.announce(instanceId, code, clock.now())
    this.#announced = text
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
