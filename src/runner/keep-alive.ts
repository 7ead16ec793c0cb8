/**
 * Keeps the process alive while a call is running, a started runner serves, or a program runs. Timers and interpreters
 * do not, so a Node program ends even if it forgets to close its runner. Used by the two composition roots.
 */

import type { Timer } from '../engine/clock-port.ts'
import { SystemClock } from '../engine/system-clock.ts'

const clock = new SystemClock({ keepsProcessAlive: true })

export class KeepAlive {
  #holds = 0
  #timer: Timer | null = null

  /** Keeps the process alive until the result is disposed of, which may be done several times. */
  hold(): Disposable {
    if (this.#holds++ === 0) this.#timer = clock.wakeAfter(Number.POSITIVE_INFINITY, () => {})
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return
        isHeld = false
        if (--this.#holds === 0) this.#timer?.cancel()
      },
    }
  }

  async during<Result>(work: Promise<Result>): Promise<Result> {
    using _hold = this.hold()
    return await work
  }
}
