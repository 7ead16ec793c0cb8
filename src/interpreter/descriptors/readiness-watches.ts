/** Watches for ready endpoints. Owned by `sockets.ts`. A watch sets its event once and then ends. */

import { BROKEN, type Endpoint, HUNG_UP } from './endpoint.ts'

export class Watches {
  readonly #setEvent: (event: number) => void
  readonly #removals = new Map<number, () => void>()

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  /**
   * Sets `event` when an endpoint is ready for its bits. A missing or closed one is always ready. One with known
   * `changes` (not -1) is ready only after further changes.
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
      // A woken stack sees everything that happened at the same time, not only the first change.
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
