/** Clock with the time of the machine. A test can skip time instead of waiting. */

import type { Timer } from '../../src/engine/clock-port.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'

/** Time of one skip: shorter than the delay after which the engine assumes that its process was suspended. */
const STEP_MS = 400
/** Real time after a skip, in which processes answer. */
const ANSWER_MS = 20

interface SkippableTimer {
  rearm(): void
}

export class SkippingClock extends SystemClock {
  readonly #timers = new Set<SkippableTimer>()
  #skippedMs = 0

  override now(): number {
    return super.now() + this.#skippedMs
  }

  override monotonic(): number {
    return super.monotonic() + this.#skippedMs
  }

  override wakeAfter(delayMs: number, callback: () => void, during?: string): Timer {
    const due = this.monotonic() + delayMs
    const wait = () =>
      super.wakeAfter(
        Math.max(0, due - this.monotonic()),
        () => {
          this.#timers.delete(skippable)
          callback()
        },
        during,
      )
    let timer = wait()
    const skippable = {
      rearm: () => {
        timer.cancel()
        timer = wait()
      },
    }
    this.#timers.add(skippable)
    return {
      cancel: () => {
        this.#timers.delete(skippable)
        timer.cancel()
      },
    }
  }

  /** Skips time. Timers that become due run as soon as possible. */
  skip(ms = STEP_MS): void {
    this.#skippedMs += ms
    for (const timer of [...this.#timers]) timer.rearm()
  }

  /** Skips time, and runs the timers that become due. Processes get no time to answer. */
  async skipQuickly(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
      this.skip(Math.min(leftMs, STEP_MS))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Skips time until the promise settles, and lets processes answer after each skip. */
  async skipUntil<Result>(happens: Promise<Result>): Promise<Result> {
    let hasHappened = false
    const happened = happens.finally(() => {
      hasHappened = true
    })
    while (!hasHappened) {
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
      this.skip()
    }
    return await happened
  }
}
