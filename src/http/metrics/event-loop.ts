/**
 * How late the event loop is: a timer that is due every 100 ms tells by how much it came late. A histogram of our own rather than
 * Node's `monitorEventLoopDelay`: that one has quantiles since its start, to which its own 20 ms are added, and whoever resets it takes
 * the figures from every other reader.
 */

import { SystemClock } from '../../engine/clock.ts'
import { Histogram, SHORT_BOUNDS_MS } from '../../metrics/histogram.ts'

const EVERY_MS = 100

export class EventLoopDelay {
  readonly histogram = new Histogram(SHORT_BOUNDS_MS)
  readonly #clock = new SystemClock({ keepsProcessAlive: false })
  #timer = this.#arm()

  stop(): void {
    this.#timer.cancel()
  }

  #arm() {
    const dueAt = this.#clock.monotonic() + EVERY_MS
    return this.#clock.wakeAfter(EVERY_MS, () => {
      this.histogram.observe(Math.max(0, this.#clock.monotonic() - dueAt))
      this.#timer = this.#arm()
    })
  }
}
