/**
 * Notices that the wall clock was set: wall minus monotonic time has changed since the last check. Part of a clock,
 * which offers it as `onWallJump`. Checks once per second, only with listeners. Ignores the small corrections of time
 * services.
 */

import type { Clock, Timer, WallJump } from './clock-port.ts'

const CHECK_EVERY_MS = 1_000
const MIN_JUMP_MS = 1_000

export class WallWatch {
  readonly #clock: Pick<Clock, 'now' | 'monotonic' | 'wakeAfter' | 'attempt'>
  readonly #listeners = new Set<(jump: WallJump) => void>()
  /** Wall minus monotonic time at the last check. */
  #offset = 0
  #timer: Timer | null = null

  constructor(clock: Pick<Clock, 'now' | 'monotonic' | 'wakeAfter' | 'attempt'>) {
    this.#clock = clock
  }

  /** Returns a function that removes the listener. */
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
    // Before the listeners, which may end it.
    this.#lookLater()
    const at = this.#clock.now()
    const expectedAt = Math.round(this.#clock.monotonic() + this.#offset)
    this.#offset = at - this.#clock.monotonic()
    if (Math.abs(at - expectedAt) <= MIN_JUMP_MS) return
    for (const listener of [...this.#listeners]) {
      this.#clock.attempt('watching the wall clock', () => listener({ expectedAt, at }))
    }
  }
}
