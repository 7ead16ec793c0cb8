/**
 * Keeps the store's definitions of workflows those of the code, so that a process without the code can list and start
 * them, and says to other instances what this one has. Driven by `engine.ts` at the start and after each change of the registry.
 */

import { toError } from '../../errors.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { Registry } from '../../registry/registry.ts'
import type { EngineConfig } from '../config.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, InstanceCode, Store } from '../ports.ts'

export interface WorkflowRecordsPorts {
  readonly instanceId: string
  readonly store: Store
  readonly clock: Clock
  readonly events: EngineEvents
  readonly config: Pick<EngineConfig, 'pollingEnabled'>
}

export class WorkflowRecords {
  readonly #ports: WorkflowRecordsPorts
  /** What the store has of this process, by key. A definition never changes, so the object itself tells. */
  readonly #saved = new Map<string, WorkflowDefinition>()
  /** JSON of what the others know. */
  #announced: string | null = null

  constructor(ports: WorkflowRecordsPorts) {
    this.#ports = ports
  }

  /** The store may have none of them. */
  forget(): void {
    this.#saved.clear()
    this.#announced = null
  }

  /** Says to the other instances what this one runs and polls. A failure is reported, and tried with the next change. */
  async announce(registry: Registry): Promise<void> {
    const { store, instanceId, events } = this.#ports
    const code = this.#codeOf(registry)
    const announced = JSON.stringify(code)
    if (announced === this.#announced) return
    this.#announced = announced
    try {
      await store.announce(instanceId, code)
    } catch (thrown) {
      this.#announced = null
      events.emit('trouble', { during: 'announcing the code of this instance', error: toError(thrown), retryAt: null })
    }
  }

  #codeOf({ triggers, workflows }: Registry): InstanceCode {
    const { pollingEnabled } = this.#ports.config
    const polled = [...triggers.values()].filter(({ timing }) => timing.kind === 'poll' && pollingEnabled)
    return {
      triggers: polled.map(({ name }) => name),
      workflows: [...workflows.values()].map(({ key, version }) => ({ name: key, version })),
    }
  }

  /** Saves what is new. A failure is reported, and what was not saved is tried with the next change. */
  async save(registry: Registry): Promise<void> {
    const { store, clock, events } = this.#ports
    const changed = [...registry.workflows.values()].filter((each) => this.#saved.get(each.key) !== each)
    if (changed.length === 0) return
    for (const each of changed) this.#saved.set(each.key, each)
    // Whoever reads what is counted sees 0 first: from a number that comes out of nothing no growth can be told.
    for (const { key } of changed) events.counters.workflows.of(key)
    try {
      await store.saveWorkflows(changed, clock.now())
    } catch (thrown) {
      for (const each of changed) this.#saved.delete(each.key)
      events.emit('trouble', { during: 'saving the definitions of workflows', error: toError(thrown), retryAt: null })
    }
  }
}
