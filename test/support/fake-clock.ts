/**
 * Time that a test moves. Stands at the Clock port: nothing passes until `advance` is called, and then every timer
 * that falls due runs at its own instant, in order, and the next one does not run before everything is quiet that the
 * one before it set off. What never comes to rest fails the test.
 */

import { Attempts } from '../../src/engine/attempts.ts'
import type { Clock, Timer, Trouble, WallJump } from '../../src/engine/ports.ts'

/** Whatever takes so many turns of the event loop never comes to rest. A store step takes one. */
const MOST_TURNS = 10_000
/** So many timers without time passing between them set off one another for ever. */
const MOST_TIMERS_AT_ONCE = 100_000

/** Not 0, and nothing like a date: whoever mixes the two clocks is seen at once. */
const FIRST_MONOTONIC = 77_000

interface PendingTimer {
  /** Monotonic. */
  readonly due: number
  readonly callback: () => void
}

export class FakeClock implements Clock {
  readonly #jumpListeners = new Set<(jump: WallJump) => void>()
  #monotonic = FIRST_MONOTONIC
  /** Wall minus monotonic time. */
  #offset: number
  /** In the order in which they were asked for, which is the order of two that are due at the same instant. */
  readonly #timers = new Set<PendingTimer>()

  readonly #attempts: Attempts | null

  /** `onTrouble` hears what timers and listeners throw, and then they are called again; without it a test fails by it. */
  constructor(startAt: number = Date.UTC(2026, 0, 1), onTrouble?: (trouble: Trouble) => void) {
    this.#offset = startAt - FIRST_MONOTONIC
    this.#attempts = onTrouble === undefined ? null : new Attempts(this, onTrouble)
  }

  now(): number {
    return this.#monotonic + this.#offset
  }

  monotonic(): number {
    return this.#monotonic
  }

  wakeAfter(delayMs: number, callback: () => void, during = 'a timer'): Timer {
    let retry: Timer | null = null
    const timer: PendingTimer = {
      due: this.#monotonic + delayMs,
      callback: () => {
        retry = this.attempt(during, callback)
      },
    }
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
        retry?.cancel()
      },
    }
  }

  soon(callback: () => void): void {
    setImmediate(() => this.attempt('a store operation', callback))
  }

  attempt(during: string, work: () => void): Timer {
    if (this.#attempts !== null) return this.#attempts.run(during, work)
    work()
    return { cancel: () => {} }
  }

  onWallJump(callback: (jump: WallJump) => void): () => void {
    this.#jumpListeners.add(callback)
    return () => void this.#jumpListeners.delete(callback)
  }

  /** Sets the wall clock forward, or back with a negative number, and lets those who listen for it settle. No time passes. */
  async setWall(byMs: number): Promise<void> {
    const expectedAt = this.now()
    this.#offset += byMs
    for (const listener of [...this.#jumpListeners]) listener({ expectedAt, at: this.now() })
    await settle()
  }

  /** The process stands still: time passes, and the timers that fall due meanwhile run late, with the next `advance`. */
  standStill(ms: number): void {
    this.#monotonic += ms
  }

  /** Timers that were asked for and have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Moves time by `ms` and runs the timers that fall due, in order, each when all is quiet. 0 runs what is due now. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms
    await settle()
    let timersAtOnce = 0
    for (let timer = this.#next(); timer !== undefined && timer.due <= target; timer = this.#next()) {
      this.#timers.delete(timer)
      timersAtOnce = timer.due > this.#monotonic ? 0 : timersAtOnce + 1
      if (timersAtOnce > MOST_TIMERS_AT_ONCE)
        throw new Error(`time stands still: ${timersAtOnce} timers at one instant`)
      this.#monotonic = Math.max(this.#monotonic, timer.due)
      timer.callback()
      await settle()
    }
    this.#monotonic = target
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer
    return next
  }
}

/**
 * Settles when nothing goes on any more that was set off: no promise, no step asked of a store. Time does not move. At the
 * end of a turn no promise is left that could be settled, and what is left for the next one Node knows as immediates; the
 * engine and its store do nothing in any other way.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (!process.getActiveResourcesInfo().includes('Immediate')) return
  }
  throw new Error(`not quiet after ${MOST_TURNS} turns of the event loop`)
}
