/**
 * The only file that reads the time and sets timers. Everything that waits gets the Clock port, so that tests can move
 * time instead of waiting for it.
 */

import type { Clock, Timer } from './ports.ts'

/**
 * The longest wait handed to Node. Node's own limit is 2^31 - 1 ms, beyond which it fires at once; and its timers follow
 * the monotonic clock, which stands still while a machine sleeps: looking again this often notices a wall clock that
 * moved on.
 */
const LONGEST_WAIT_MS = 30_000

export interface SystemClockOptions {
  /** False: a timer that is pending does not keep the process alive. True by default. */
  readonly keepsProcessAlive?: boolean
}

export class SystemClock implements Clock {
  readonly #keepsProcessAlive: boolean

  constructor(options: SystemClockOptions = {}) {
    this.#keepsProcessAlive = options.keepsProcessAlive ?? true
  }

  now(): number {
    return Date.now()
  }

  wakeAt(at: number, callback: () => void): Timer {
    const timer = new SystemTimer(at, callback, this.#keepsProcessAlive)
    timer.arm()
    return timer
  }
}

class SystemTimer implements Timer {
  readonly #at: number
  readonly #keepsProcessAlive: boolean
  #callback: (() => void) | null
  #stop: (() => void) | null = null

  constructor(at: number, callback: () => void, keepsProcessAlive: boolean) {
    this.#at = at
    this.#callback = callback
    this.#keepsProcessAlive = keepsProcessAlive
  }

  arm(): void {
    const waitMs = this.#at - Date.now()
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
    // setTimeout may come up to a millisecond before the wall clock says so, and a long wait comes in pieces.
    if (Date.now() < this.#at) {
      this.arm()
      return
    }
    const callback = this.#callback
    this.#callback = null
    this.#stop = null
    callback?.()
  }
}
