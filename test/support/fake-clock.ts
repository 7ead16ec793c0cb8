/**
 * Time that a test moves. Stands at the Clock port: nothing passes until `advance` is called, and then every timer
 * that falls due runs at its own instant, in order, with the promises of one settled before the next one runs.
 */

import type { Clock, Timer } from '../../src/engine/ports.ts'

/** Turns of the event loop granted to what a timer set off. A store step takes one. */
const TURNS_TO_SETTLE = 8

interface PendingTimer {
  readonly at: number
  readonly callback: () => void
}

export class FakeClock implements Clock {
  #now: number
  /** In the order in which they were asked for, which is the order of two that are due at the same instant. */
  readonly #timers = new Set<PendingTimer>()

  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  wakeAt(at: number, callback: () => void): Timer {
    const timer: PendingTimer = { at, callback }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  /** Timers that were asked for and have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** The instant of the next timer, or null without one. */
  get nextAt(): number | null {
    return this.#next()?.at ?? null
  }

  /** Moves time by `ms`, runs the timers that fall due, in order, and lets promises settle between them. 0 runs what is due now. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms
    await settle()
    for (let timer = this.#next(); timer !== undefined && timer.at <= target; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
      await settle()
    }
    this.#now = target
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer
    return next
  }
}

/** Lets promises, and steps asked of a store, settle without moving time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
