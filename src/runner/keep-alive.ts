/**
 * Keeps the process alive exactly as long as somebody counts on it: while a call is under way, while a runner that was
 * started serves, while a program runs. Timers and interpreters do not, so that a Node program which forgets to close
 * its runner ends all the same. Held by the two composition roots.
 */

import { SystemClock } from '../engine/clock.ts'
import type { Timer } from '../engine/ports.ts'

const clock = new SystemClock({ keepsProcessAlive: true })

export class KeepAlive {
  #holds = 0
  #timer: Timer | null = null

  /** Until what it returns is disposed of, which may be done more than once. */
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
