/** Clock with the time of the machine. A test can move its time forward, and stop it there. */

import type { Timer } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'

/** Interval at which a timer compares the time. */
const CHECK_EVERY_MS = 10

export class HeldClock extends SystemClock {
  #aheadMs = 0
  #heldAt: number | null = null

  override monotonic(): number {
    return this.#heldAt ?? super.monotonic() + this.#aheadMs
  }

  override wakeAfter(delayMs: number, callback: () => void, during?: string): Timer {
    const due = this.monotonic() + delayMs
    let timer: Timer
    const wait = (): void => {
      const leftMs = Math.min(CHECK_EVERY_MS, Math.max(0, due - this.monotonic()))
      timer = super.wakeAfter(leftMs, () => (this.monotonic() < due ? wait() : callback()), during)
    }
    wait()
    return { cancel: () => timer.cancel() }
  }

  /** Moves the time forward, and stops it. Due timers run, and those that they start wait for `resume`. */
  holdAfter(ms: number): void {
    this.#heldAt = this.monotonic() + ms
  }

  resume(): void {
    if (this.#heldAt !== null) this.#aheadMs = this.#heldAt - super.monotonic()
    this.#heldAt = null
  }
}
