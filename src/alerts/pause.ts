/** Pause of a loop that another part can end. */

import type { Clock, Timer } from '../engine/clock-port.ts'

export class Pause {
  readonly #clock: Clock
  #timer: Timer | null = null
  #resolve: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves after the time, or when `end` is called. At most one call waits. */
  wait(durationMs: number, during: string): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#timer = this.#clock.wakeAfter(durationMs, () => this.end(), during)
    })
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#resolve?.()
    this.#resolve = null
  }
}
