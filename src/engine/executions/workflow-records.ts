/**
 * Keeps the store's definitions of workflows those of the code, so that a process without the code can list and start
 * them. Driven by `engine.ts` at the start and after each change of the registry.
 */

import { toError } from '../../errors.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { Registry } from '../../registry/registry.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, Store } from '../ports.ts'

export interface WorkflowRecordsPorts {
  readonly store: Store
  readonly clock: Clock
  readonly events: EngineEvents
}

export class WorkflowRecords {
  readonly #ports: WorkflowRecordsPorts
  /** What the store has of this process, by key. A definition never changes, so the object itself tells. */
  readonly #saved = new Map<string, WorkflowDefinition>()

  constructor(ports: WorkflowRecordsPorts) {
    this.#ports = ports
  }

  /** The store may have none of them. */
  forget(): void {
    this.#saved.clear()
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
