/**
 * Notices that the wall clock was set: wall minus monotonic time has changed since the last check. Part of a clock, which
 * hands it out as `onWallJump`. Looks once a second while somebody listens, and not at all otherwise. A clock that is
 * corrected little by little, as time services do, is none of its business.
 */

import type { Clock, Timer, WallJump } from './ports.ts'

const CHECK_EVERY_MS = 1_000
const SMALLEST_JUMP_MS = 1_000

export class WallWatch {
  readonly #clock: Pick<Clock, 'now' | 'monotonic' | 'wakeAfter' | 'attempt'>
  readonly #listeners = new Set<(jump: WallJump) => void>()
  /** Wall minus monotonic time at the last check. */
  #offset = 0
  #timer: Timer | null = null

  constructor(clock: Pick<Clock, 'now' | 'monotonic' | 'wakeAfter' | 'attempt'>) {
    this.#clock = clock
  }

  /** Returns the end of it. */
  listen(callback: (jump: WallJump) => void): () => void {
    // A set would merge two listeners that are the same function.
    const listener = (jump: WallJump): void => callback(jump)
    this.#listeners.add(listener)
    if (this.#timer === null) {
      this.#offset = this.#clock.now() - this.#clock.monotonic()
      this.#lookLater()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#timer?.cancel()
      this.#timer = null
    }
  }

  #lookLater(): void {
    this.#timer = this.#clock.wakeAfter(CHECK_EVERY_MS, () => this.#check())
  }

  #check(): void {
    // Before the listeners, who may end it.
    this.#lookLater()
    const at = this.#clock.now()
    const expectedAt = Math.round(this.#clock.monotonic() + this.#offset)
    this.#offset = at - this.#clock.monotonic()
    if (Math.abs(at - expectedAt) <= SMALLEST_JUMP_MS) return
    for (const listener of [...this.#listeners]) {
      this.#clock.attempt('watching the wall clock', () => listener({ expectedAt, at }))
    }
  }
}
