/**
 * Who waits for which endpoints to be ready. Owned by `sockets.ts`; a watch sets its event once and is gone then.
 */

import { BROKEN, type Endpoint, HUNG_UP } from './endpoint.ts'

export class Watches {
  readonly #setEvent: (event: number) => void
  readonly #removals = new Map<number, () => void>()

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  /**
   * Sets `event` as soon as one of the endpoints is ready for what its bits ask; one that is missing or closed is ready for
   * everything. One of which `changes` are known (not -1) counts only if there have been others since.
   */
  add(
    event: number,
    endpoints: readonly (Endpoint | undefined)[],
    bits: readonly number[],
    changes: readonly number[] = [],
  ): void {
    const isReady = () =>
      endpoints.some((endpoint, index) => {
        if (endpoint === undefined || endpoint.isClosed) return true
        if (endpoint.changes === changes[index]) return false
        return (endpoint.readiness() & ((bits[index] ?? 0) | BROKEN | HUNG_UP)) !== 0
      })
    if (isReady()) {
      this.#setEvent(event)
      return
    }
    const check = () => {
      if (!isReady()) return
      this.remove(event)
      // Whoever waits sees all that happened at the same time, not only the first of it.
      setImmediate(() => this.#setEvent(event))
    }
    for (const endpoint of endpoints) endpoint?.watch(check)
    this.#removals.set(event, () => {
      for (const endpoint of endpoints) endpoint?.unwatch(check)
    })
  }

  remove(event: number): void {
    this.#removals.get(event)?.()
    this.#removals.delete(event)
  }
}
