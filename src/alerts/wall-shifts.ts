/**
 * Measures by how much the wall clock was set forward, or the machine slept, since the loop of a target began: messages
 * from before are not given up for this time. Compares both clocks whenever the loop looks for messages.
 */

import type { Clock } from '../engine/clock-port.ts'
import type { SetForward } from '../engine/incidents/incident-store.ts'

/** Smaller differences are corrections of time services. */
const MIN_SHIFT_MS = 1_000

export class WallShifts {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>
  /** Wall minus monotonic time at the last call. */
  #offset: number
  #sum: SetForward = { beforeAt: 0, byMs: 0 }

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock
    this.#offset = clock.now() - clock.monotonic()
  }

  /** Returns the wall time, and the sum of all shifts until now. Setting the clock back undoes earlier ones. */
  look(): { readonly at: number; readonly setForward: SetForward } {
    const at = this.#clock.now()
    const shiftMs = Math.round(at - this.#clock.monotonic() - this.#offset)
    this.#offset = at - this.#clock.monotonic()
    if (Math.abs(shiftMs) > MIN_SHIFT_MS) {
      const { beforeAt, byMs } = this.#sum
      // A message from before the shift is not newer than the time that the clock would show without the shift.
      this.#sum = { beforeAt: shiftMs > 0 ? at - shiftMs : beforeAt, byMs: Math.max(0, byMs + shiftMs) }
    }
    return { at, setForward: this.#sum }
  }
}
