/** Notices commits of other processes, stores and engines, four times a second while it has listeners. */

import type { Clock, Timer } from '../../../engine/clock-port.ts'

const CHECK_EVERY_MS = 250
const DURING = 'looking for changes by other processes'

export class ForeignChanges {
  readonly #clock: Clock
  readonly #version: () => string | null
  readonly #listeners = new Set<() => void>()
  #seen: string | null = null
  #timer: Timer | undefined

  /** `version`: changes when another connection has committed. Null means unknown, and is ignored. */
  constructor(clock: Clock, version: () => string | null) {
    this.#clock = clock
    this.#version = version
  }

  listen(callback: () => void): () => void {
    // A set would merge two listeners that are the same function.
    const listener = () => callback()
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#seen = this.#version()
      this.#lookLater()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#listeners.clear()
  }

  /** Ignores the next change, because another file was opened. */
  reset(): void {
    this.#seen = null
  }

  #lookLater(): void {
    this.#timer = this.#clock.wakeAfter(CHECK_EVERY_MS, () => this.#check(), DURING)
  }

  #check(): void {
    // If this throws, the clock calls it again.
    const version = this.#version()
    // Before the listeners, which may stop it.
    this.#lookLater()
    const before = this.#seen
    if (version === before || version === null) return
    this.#seen = version
    if (before === null) return
    for (const listener of [...this.#listeners]) this.#clock.attempt(DURING, listener)
  }
}
