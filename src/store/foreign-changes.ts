/**
 * Notices that another process, or another store object, has committed to the database. Looks four times a second
 * while somebody listens, and not at all otherwise.
 */

import type { Clock, Timer } from '../engine/ports.ts'

const LOOK_EVERY_MS = 250

export class ForeignChanges {
  readonly #clock: Clock
  readonly #version: () => number
  readonly #listeners = new Set<() => void>()
  #seen = 0
  #timer: Timer | undefined

  constructor(clock: Clock, version: () => number) {
    this.#clock = clock
    this.#version = version
  }

  /** Returns the end of it. */
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

  #lookLater(): void {
    this.#timer = this.#clock.wakeAfter(LOOK_EVERY_MS, () => this.#look())
  }

  #look(): void {
    // Before the listeners, who may stop it.
    this.#lookLater()
    const version = this.#version()
    if (version === this.#seen) return
    this.#seen = version
    for (const listener of [...this.#listeners]) listener()
  }
}
