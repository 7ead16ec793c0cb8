/** Carries out the items that a group collects in one tick of the event loop as one step, as PostgreSQL does. */

import type { StepGroup } from '../../store-database.ts'
import type { Step } from '../../store-session.ts'

type AnyGroup = StepGroup<unknown, unknown>

/** Queues a step with these items. */
export type QueueItems = (group: AnyGroup, items: readonly unknown[]) => Promise<readonly unknown[]>

interface Batch {
  readonly items: unknown[]
  readonly results: Promise<readonly unknown[]>
}

export class StepBatches {
  readonly #queue: QueueItems
  readonly #open = new Map<AnyGroup, Batch>()

  constructor(queue: QueueItems) {
    this.#queue = queue
  }

  async add<Item, Result>(given: StepGroup<Item, Result>, item: Item): Promise<Result> {
    const group = given as AnyGroup
    const batch = this.#open.get(group) ?? this.#begin(group)
    const index = batch.items.push(item) - 1
    let result: unknown
    try {
      result = (await batch.results)[index]
    } catch (error) {
      // The item that failed is unknown, so each is carried out alone.
      if (batch.items.length === 1) throw error
      result = (await this.#queue(group, [item]))[0]
    }
    if (result instanceof Error) throw result
    return result as Result
  }

  #begin(group: AnyGroup): Batch {
    const items: unknown[] = []
    const collected: AnyGroup = {
      run: (session, all): Step<readonly unknown[]> => {
        // Later items are of another step, also if this one runs again.
        if (this.#open.get(group)?.items === items) this.#open.delete(group)
        return group.run(session, all)
      },
    }
    const batch = { items, results: this.#queue(collected, items) }
    this.#open.set(group, batch)
    return batch
  }
}
