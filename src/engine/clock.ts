/**
 * The only file that reads the time and sets timers. Everything that waits gets the Clock port, so that tests can move
 * time instead of waiting for it. Timers follow monotonic time alone: a wall clock that is set back or forward neither
 * holds one up nor lets one go early.
 */

import { machineNowMs } from '../border/machine-clock.ts'
import { Attempts } from './attempts.ts'
import type { Clock, Timer, Trouble, WallJump } from './ports.ts'
import { WallWatch } from './wall-watch.ts'

/** Node's own limit, beyond which a timer fires at once. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export interface SystemClockOptions {
  /** False: a timer that is pending does not keep the process alive. True by default. */
  readonly keepsProcessAlive?: boolean
  /** Hears what timers and listeners threw. A process warning by default. */
  readonly onTrouble?: (trouble: Trouble) => void
}

export class SystemClock implements Clock {
  readonly #keepsProcessAlive: boolean
  readonly #wallWatch = new WallWatch(this)
  readonly #attempts: Attempts

  constructor(options: SystemClockOptions = {}) {
    this.#keepsProcessAlive = options.keepsProcessAlive ?? true
    this.#attempts = new Attempts(this, options.onTrouble ?? warnOf)
  }

  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return machineNowMs()
  }

  wakeAfter(delayMs: number, callback: () => void, during = 'a timer callback'): Timer {
    const attempt = (): Timer => this.#attempts.run(during, callback)
    const timer = new SystemTimer(performance.now() + delayMs, attempt, this.#keepsProcessAlive)
    timer.arm()
    return timer
  }

  soon(callback: () => void): void {
    setImmediate(() => this.#attempts.run('a store operation', callback))
  }

  attempt(during: string, work: () => void): Timer {
    return this.#attempts.run(during, work)
  }

  onWallJump(callback: (jump: WallJump) => void): () => void {
    return this.#wallWatch.listen(callback)
  }
}

function warnOf({ during, error }: Trouble): void {
  process.emitWarning(new Error(`${during} failed: ${error.message}`, { cause: error }))
}

class SystemTimer implements Timer {
  readonly #due: number
  readonly #keepsProcessAlive: boolean
  #attempt: (() => Timer) | null
  #stop: (() => void) | null = null

  constructor(due: number, attempt: () => Timer, keepsProcessAlive: boolean) {
    this.#due = due
    this.#attempt = attempt
    this.#keepsProcessAlive = keepsProcessAlive
  }

  arm(): void {
    const waitMs = this.#due - performance.now()
    // setTimeout waits for a whole millisecond at least; what is due goes on in the next tick of the event loop.
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
    this.#attempt = null
  }

  #wake(): void {
    // setTimeout counts from the beginning of its tick and may come early by that; and a long wait comes in pieces.
    if (performance.now() < this.#due) {
      this.arm()
      return
    }
    if (this.#attempt === null) return
    const retry = this.#attempt()
    // Null again where the callback cancelled its own timer: then it is not called a second time either.
    if (this.#attempt === null) retry.cancel()
    else this.#stop = () => retry.cancel()
  }
}
