/** Time until which attempts with limits may run, as the heartbeats of the engine move it. Owned by `heartbeat.ts`. */

import type { RunLimit } from '../clock-port.ts'

export class LeaseLimit implements RunLimit {
  #until = Number.NEGATIVE_INFINITY
  readonly #listeners = new Set<() => void>()

  get until(): number {
    return this.#until
  }

  onMoved(callback: () => void): () => void {
    this.#listeners.add(callback)
    return () => void this.#listeners.delete(callback)
  }

  moveTo(until: number): void {
    if (until === this.#until) return
    this.#until = until
    for (const listener of this.#listeners) listener()
  }

  /** Ends it for all attempts that have it, because other engines may have their slots. */
  end(): void {
    this.moveTo(Number.NEGATIVE_INFINITY)
  }
}
