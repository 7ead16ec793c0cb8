/**
 * Measures the lag of the event loop: the delay of a timer that is due every 100 ms. Not `monitorEventLoopDelay`: its
 * quantiles are since the start and include its own 20 ms, and a reset affects all other readers.
 */

import { SystemClock } from '../../engine/system-clock.ts'
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
