/** Time limit of attempts with limits that a test moves, as heartbeats do. */

import { machineNowMs } from '../../src/border/machine-clock.ts'
import type { RunLimit } from '../../src/engine/clock-port.ts'

export class MovableRunLimit implements RunLimit {
  readonly #callbacks = new Set<() => void>()
  readonly #monotonic: () => number
  #until: number

  /** `monotonic`: time of the clock of the host, by default that of the machine. */
  constructor(ms: number, monotonic: () => number = machineNowMs) {
    this.#monotonic = monotonic
    this.#until = monotonic() + ms
  }

  get until(): number {
    return this.#until
  }

  get listeners(): number {
    return this.#callbacks.size
  }

  onMoved(callback: () => void): () => void {
    this.#callbacks.add(callback)
    return () => void this.#callbacks.delete(callback)
  }

  /** Sets the limit to a time from now. */
  move(ms: number): void {
    this.#until = this.#monotonic() + ms
    for (const callback of [...this.#callbacks]) callback()
  }
}
