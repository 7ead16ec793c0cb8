/** Stores workflow definitions, so that a process without the code can list and start them. Used by `AnnouncedCode`. */

import { toError } from '../../../errors.ts'
import type { WorkflowDefinition } from '../../../model/workflow.ts'
import type { Registry } from '../../../registry/registry.ts'
import type { EnginePorts } from '../../engine-options.ts'

export class WorkflowRecords {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>
  /** Stored definitions by key. They are immutable, so the object itself is compared. */
  readonly #saved = new Map<string, WorkflowDefinition>()

  constructor(ports: Pick<EnginePorts, 'store' | 'clock' | 'events'>) {
    this.#ports = ports
  }

  forget(): void {
    this.#saved.clear()
  }

  /** Saves new definitions. After a failure, they are saved with the next change. */
  async save(registry: Registry): Promise<void> {
    const { store, clock, events } = this.#ports
    const changed = [...registry.workflows.values()].filter((each) => this.#saved.get(each.key) !== each)
    if (changed.length === 0) return
    for (const each of changed) this.#saved.set(each.key, each)
    // Creates the counters with 0, because monitoring cannot show the growth of a counter that starts above 0.
    for (const { key } of changed) events.counters.workflows.of(key)
    try {
      await store.saveWorkflows(changed, clock.now())
    } catch (thrown) {
      for (const each of changed) this.#saved.delete(each.key)
      events.emit('trouble', { during: 'saving the definitions of workflows', error: toError(thrown), retryAt: null })
    }
  }
}
