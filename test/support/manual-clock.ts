/**
 * Clock for tests of the engine. Time passes only in `advance`, which runs each due timer at its own time, and waits
 * for the work that a timer starts before it runs the next timer. Work that never ends fails the test. The `FakeClock`
 * of `cloaca/testing` is another class: it jumps to the next timer itself, without wall jumps and failing timers.
 */

import { RepeatedAttempts } from '../../src/engine/backoff/attempts.ts'
import type { Clock, Timer, Trouble, WallJump } from '../../src/engine/clock-port.ts'

/** Maximum number of turns of the event loop until all work has ended. A step of a store takes one turn. */
const MAX_TURNS = 10_000
/** Maximum number of timers that run at the same time. */
const MAX_TIMERS_AT_ONCE = 100_000

/** Monotonic time at the start: neither 0 nor similar to a date, so that code that mixes up the two times fails. */
const FIRST_MONOTONIC = 77_000

interface PendingTimer {
  /** Monotonic time in milliseconds. */
  readonly due: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  readonly #jumpListeners = new Set<(jump: WallJump) => void>()
  #monotonic = FIRST_MONOTONIC
  /** Wall time minus monotonic time. */
  #offset: number
  /** Pending timers in the order of their creation, in which timers with the same due time run. */
  readonly #timers = new Set<PendingTimer>()

  readonly #attempts: RepeatedAttempts | null

  /**
   * `onTrouble` receives errors of timers and listeners, which are called again afterwards. Without it, these errors
   * fail the test.
   */
  constructor(startAt: number = Date.UTC(2026, 0, 1), onTrouble?: (trouble: Trouble) => void) {
    this.#offset = startAt - FIRST_MONOTONIC
    this.#attempts = onTrouble === undefined ? null : new RepeatedAttempts(this, onTrouble)
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

  /**
   * Sets the wall clock forward, or back with a negative number, and waits until its listeners have ended their work.
   * No time passes.
   */
  async setWall(byMs: number): Promise<void> {
    const expectedAt = this.now()
    this.#offset += byMs
    for (const listener of [...this.#jumpListeners]) listener({ expectedAt, at: this.now() })
    await settle()
  }

  /** Lets time pass without running timers, as in a suspended process. The next `advance` runs them late. */
  standStill(ms: number): void {
    this.#monotonic += ms
  }

  /** Number of timers that have neither run nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Moves time by `ms`, and runs the due timers in order. 0 runs the timers that are due now. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms
    await settle()
    let timersAtOnce = 0
    for (let timer = this.#next(); timer !== undefined && timer.due <= target; timer = this.#next()) {
      this.#timers.delete(timer)
      timersAtOnce = timer.due > this.#monotonic ? 0 : timersAtOnce + 1
      if (timersAtOnce > MAX_TIMERS_AT_ONCE) throw new Error(`time stands still: ${timersAtOnce} timers at one instant`)
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
 * Waits until all started work has ended: promises, and steps of a store. Time does not pass. At the end of a turn of
 * the event loop, no promise is left that can settle, and Node lists the work of the next turn as immediates. The
 * engine and its store start no other kind of work.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (!process.getActiveResourcesInfo().includes('Immediate')) return
  }
  throw new Error(`not quiet after ${MAX_TURNS} turns of the event loop`)
}
