/**
 * Makes the stacks of one interpreter take turns: one that computes for long gives way to the others, as threads under
 * python do every few milliseconds. Owned by `interpreter-process.ts`; runs only while several stacks may want to run.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { ControlLine } from './control-line.ts'

/** Python gives way at the second call in a row during which it computed. */
const CALL_EVERY_MS = 10

export class TimeSlices {
  readonly #clock: Clock
  readonly #control: ControlLine
  /** Whether more than one stack may want to run. */
  readonly #isWanted: () => boolean
  #timer: Timer | null = null

  constructor(clock: Clock, control: ControlLine, isWanted: () => boolean) {
    this.#clock = clock
    this.#control = control
    this.#isWanted = isWanted
  }

  /** To be called when a stack was added. */
  update(): void {
    if (this.#timer !== null || !this.#isWanted()) return
    this.#timer = this.#clock.wakeAfter(CALL_EVERY_MS, () => {
      this.#timer = null
      if (!this.#isWanted()) return
      this.#control.endSlice()
      this.update()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
