/**
 * Makes the stacks of one interpreter take turns, as threads under python do every few milliseconds. Owned by
 * `interpreter-process.ts`; runs only while several stacks may want to run.
 */

import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { ControlLine } from './control-line.ts'

/** Python yields at the second request in a row during which it computed. */
const CALL_EVERY_MS = 10
const CHECK_EVERY_MS = 250

export class TimeSlices {
  readonly #clock: Clock
  readonly #control: ControlLine
  readonly #isWanted: () => boolean
  #timer: Timer | null = null
  #checkTimer: Timer | null = null

  constructor(clock: Clock, control: ControlLine, isWanted: () => boolean) {
    this.#clock = clock
    this.#control = control
    this.#isWanted = isWanted
  }

  /** Call this after a stack is added. */
  update(): void {
    if (this.#timer !== null || !this.#isWanted()) return
    this.#timer = this.#clock.wakeAfter(CALL_EVERY_MS, () => {
      this.#timer = null
      if (!this.#isWanted()) return
      this.#control.endSlice()
      this.update()
    })
  }

  /** Runs Python's periodic work, which otherwise runs only while a stack waits. */
  beginChecks(): void {
    this.#checkTimer = this.#clock.wakeAfter(CHECK_EVERY_MS, () => {
      this.#control.requestCheck()
      this.beginChecks()
    })
  }

  stop(): void {
    this.#checkTimer?.cancel()
    this.#timer?.cancel()
    this.#timer = null
  }
}
