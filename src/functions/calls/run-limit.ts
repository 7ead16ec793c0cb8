/** Notices that the `RunLimit` of an attempt has passed. Used for functions in this thread and in workers. */

import type { Clock, RunLimit, Timer } from '../../engine/clock-port.ts'

/** Time for cleaning up, after which a worker is ended, and a function in the engine's process is given up. */
export const END_AFTER_MS = 200

/** Calls `passed` once at the time, or now if it has passed, until it is disposed. */
export class RunLimitWatch implements Disposable {
  readonly #clock: Clock
  readonly #limit: RunLimit
  readonly #passed: () => void
  readonly #unlisten: () => void
  #timer: Timer | null = null

  constructor(clock: Clock, limit: RunLimit, passed: () => void) {
    this.#clock = clock
    this.#limit = limit
    this.#passed = passed
    this.#unlisten = limit.onMoved(() => this.#check())
    this.#check()
  }

  #check(): void {
    this.#timer?.cancel()
    const leftMs = this.#limit.until - this.#clock.monotonic()
    if (leftMs > 0) {
      this.#timer = this.#clock.wakeAfter(leftMs, () => this.#check(), 'stopping attempts without a lease')
      return
    }
    this[Symbol.dispose]()
    this.#passed()
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#unlisten()
  }
}
