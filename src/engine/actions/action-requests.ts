/**
 * Asks whoever serves the database for an action, and waits for the answer. Held by the engine, of which nothing else need
 * run: the command line asks through it.
 */

import type { ActionAnswer, NewAction } from '../../model/action.ts'
import type { Clock, Store } from '../ports.ts'

/** An answer is heard of as a change by another process; where that cannot be heard of, by looking. */
const LOOK_EVERY_MS = 500

export class ActionRequests {
  readonly #store: Pick<Store, 'actions' | 'onForeignChange'>
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #isStopped = false

  constructor(store: Pick<Store, 'actions' | 'onForeignChange'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Stores the action and waits for its answer, at most `waitMs`; null: nobody has answered by then, and somebody may
   * still do so. With 0 nothing is waited for.
   */
  async ask(action: NewAction, waitMs: number): Promise<ActionAnswer | null> {
    await this.#store.actions.ask(action)
    return waitMs > 0 ? await this.answerTo(action.id, waitMs) : null
  }

  /** Ends all waits: each gives the answer that there is by now, or null. */
  stop(): void {
    this.#isStopped = true
    for (const wake of this.#waiting) wake()
  }

  /** The answer to an action that was asked before. */
  async answerTo(id: string, waitMs: number): Promise<ActionAnswer | null> {
    const until = this.#clock.monotonic() + waitMs
    let resolveWoken = (): void => {}
    const wake = (): void => resolveWoken()
    const stopListening = this.#store.onForeignChange(wake)
    this.#waiting.add(wake)
    try {
      for (;;) {
        // Before the look, so that no change between it and the wait is missed.
        const woken = new Promise<void>((resolve) => {
          resolveWoken = resolve
        })
        const answer = (await this.#store.actions.get(id))?.answer ?? null
        const leftMs = this.#isStopped ? 0 : until - this.#clock.monotonic()
        if (answer !== null || leftMs <= 0) return answer
        const timer = this.#clock.wakeAfter(Math.min(LOOK_EVERY_MS, leftMs), wake)
        await woken
        timer.cancel()
      }
    } finally {
      stopListening()
      this.#waiting.delete(wake)
    }
  }
}
