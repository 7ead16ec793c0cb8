/**
 * Requests actions from the engines that serve the database, and waits for the answers. The command line uses it
 * without starting the other parts of an engine.
 */

import type { ActionAnswer, NewAction } from '../../model/action.ts'
import type { Clock } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Store } from '../store.ts'

/** Returns whether an engine serves the database, according to a single query. */
export async function isServed(store: Pick<Store, 'listInstances'>, at: number): Promise<boolean> {
  return (await store.listInstances(at)).some(({ isAlive }) => isAlive)
}

/** For stores that do not notify of changes by other processes. */
const LOOK_EVERY_MS = 500

export class ActionRequests {
  readonly #store: Store
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #isStopped = false

  constructor({ store, clock }: Pick<EnginePorts, 'store' | 'clock'>) {
    this.#store = store
    this.#clock = clock
  }

  /** Stores the action and waits for its answer. Null: not answered within `waitMs`, but an answer may still follow. */
  async ask(action: NewAction, waitMs: number): Promise<ActionAnswer | null> {
    await this.#store.actions.ask(action)
    return waitMs > 0 ? await this.answerTo(action.id, waitMs) : null
  }

  /** Ends all waits, which return the answer so far, or null. */
  stop(): void {
    this.#isStopped = true
    for (const wake of this.#waiting) wake()
  }

  async answerTo(id: string, waitMs: number): Promise<ActionAnswer | null> {
    const until = this.#clock.monotonic() + waitMs
    let resolveWoken = (): void => {}
    const wake = (): void => resolveWoken()
    const stopListening = this.#store.onForeignChange(wake)
    this.#waiting.add(wake)
    try {
      for (;;) {
        // Before the query, so that no change between it and the wait is missed.
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
