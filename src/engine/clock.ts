/**
 * The only file that reads the time and sets timers. Everything that waits gets the Clock port, so that tests can move
 * time instead of waiting for it. Timers follow monotonic time alone: a wall clock that is set back or forward neither
 * holds one up nor lets one go early.
 */

import type { Clock, Timer, WallJump } from './ports.ts'
import { WallWatch } from './wall-watch.ts'

/** Node's own limit, beyond which a timer fires at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export interface SystemClockOptions {
  /** False: a timer that is pending does not keep the process alive. True by default. */
  readonly keepsProcessAlive?: boolean
}

export class SystemClock implements Clock {
  readonly #keepsProcessAlive: boolean
  readonly #wallWatch = new WallWatch(this)

  constructor(options: SystemClockOptions = {}) {
    this.#keepsProcessAlive = options.keepsProcessAlive ?? true
  }

  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now()
  }

  wakeAfter(delayMs: number, callback: () => void): Timer {
    const timer = new SystemTimer(performance.now() + delayMs, callback, this.#keepsProcessAlive)
    timer.arm()
    return timer
  }

  onWallJump(callback: (jump: WallJump) => void): () => void {
    return this.#wallWatch.listen(callback)
  }
}

class SystemTimer implements Timer {
  readonly #due: number
  readonly #keepsProcessAlive: boolean
  #callback: (() => void) | null
  #stop: (() => void) | null = null

  constructor(due: number, callback: () => void, keepsProcessAlive: boolean) {
    this.#due = due
    this.#callback = callback
    this.#keepsProcessAlive = keepsProcessAlive
  }

  arm(): void {
    const waitMs = this.#due - performance.now()
    // setTimeout waits for a whole millisecond at least; what is due goes on in the next turn.
    if (waitMs <= 0) {
      const immediate = setImmediate(() => this.#wake())
      if (!this.#keepsProcessAlive) immediate.unref()
      this.#stop = () => clearImmediate(immediate)
      return
    }
    const timeout = setTimeout(() => this.#wake(), Math.min(Math.ceil(waitMs), LONGEST_WAIT_MS))
    if (!this.#keepsProcessAlive) timeout.unref()
    this.#stop = () => clearTimeout(timeout)
  }

  cancel(): void {
    this.#stop?.()
    this.#stop = null
    this.#callback = null
  }

  #wake(): void {
    // setTimeout counts from the beginning of its turn and may come early by that; and a long wait comes in pieces.
    if (performance.now() < this.#due) {
      this.arm()
      return
    }
    const callback = this.#callback
    this.#callback = null
    this.#stop = null
    callback?.()
  }
}
