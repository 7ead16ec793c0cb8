/** Time after which a request to a worker is overdue. Owned by `live-worker.ts`. */

import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { TimeLimit } from '../../engine/ports.ts'

export class RequestLimit implements TimeLimit {
  readonly #clock: Clock
  readonly #overdue: () => void
  #timer: Timer | null = null
  #endsAt = 0
  /** Time that was left when the limit began to stand still. */
  #leftMs = 0
  #standstills = 0
  /** Whether it never stands still again: it was replaced, or has ended. */
  #isFixed = false

  constructor(clock: Clock, limitMs: number, overdue: () => void) {
    this.#clock = clock
    this.#overdue = overdue
    this.#arm(limitMs)
  }

  suspend(): () => void {
    if (this.#standstills === 0 && !this.#isFixed) {
      this.#leftMs = this.#endsAt - this.#clock.monotonic()
      this.#timer?.cancel()
    }
    this.#standstills += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#standstills -= 1
      if (this.#standstills === 0 && !this.#isFixed) this.#arm(this.#leftMs)
    }
  }

  /** Replaces the limit, which no longer stands still. */
  restart(limitMs: number): void {
    this.#isFixed = true
    this.#arm(limitMs)
  }

  end(): void {
    this.#isFixed = true
    this.#timer?.cancel()
  }

  #arm(limitMs: number): void {
    this.#timer?.cancel()
    this.#endsAt = this.#clock.monotonic() + limitMs
    this.#timer = this.#clock.wakeAfter(limitMs, this.#overdue)
  }
}
