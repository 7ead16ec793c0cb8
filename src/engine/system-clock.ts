/**
 * The only file that reads the time and sets timers. All waits use the Clock port, so that tests can move time. Timers
 * follow only monotonic time, so setting the wall clock neither delays nor hurries them.
 */

import { machineNowMs } from '../border/machine-clock.ts'
import { RepeatedAttempts } from './backoff/attempts.ts'
import type { Clock, Timer, Trouble, WallJump } from './clock-port.ts'
import { WallWatch } from './wall-watch.ts'

/** Limit of Node, above which a timer fires immediately. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export interface SystemClockOptions {
  /** Whether a pending timer keeps the process alive. Default: true. */
  readonly keepsProcessAlive?: boolean
  /** Receives errors of timers and listeners. Default: a process warning. */
  readonly onTrouble?: (trouble: Trouble) => void
}

export class SystemClock implements Clock {
  readonly #keepsProcessAlive: boolean
  readonly #wallWatch = new WallWatch(this)
  readonly #attempts: RepeatedAttempts

  constructor(options: SystemClockOptions = {}) {
    this.#keepsProcessAlive = options.keepsProcessAlive ?? true
    this.#attempts = new RepeatedAttempts(this, options.onTrouble ?? warnOf)
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
  process.emitWarning(new Error(`${during} failed: ${error.message}`, { cause: error })) // Uncoded: a warning of Node
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
    // setTimeout waits for at least 1 ms, but a due timer must fire in the next tick of the event loop.
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
    // setTimeout counts from the beginning of its tick, so it may fire early. Long waits are split.
    if (performance.now() < this.#due) {
      this.arm()
      return
    }
    if (this.#attempt === null) return
    const retry = this.#attempt()
    // Null again if the callback cancelled its own timer: then it is not repeated either.
    if (this.#attempt === null) retry.cancel()
    else this.#stop = () => retry.cancel()
  }
}
