/**
 * Admission of calls that cannot be made immediately. Owned by `dispatcher.ts`. The caller can stop while its calls
 * wait, for example an engine whose interpreter does not start. Each of these calls then ends with `NOT_STARTED` and is
 * not admitted later. Admitted calls continue.
 */

import type { CallResult } from './process/call-answers.ts'
import { NOT_STARTED } from './process/call-outcomes.ts'

/** Makes the call when Python can be called, unless the caller has stopped. */
export type Admit = (call: () => Promise<CallResult>) => Promise<CallResult>

export class Admission {
  /** Functions that end the waits of each caller, with one listener for thousands of polls. */
  readonly #waiting = new WeakMap<AbortSignal, Set<() => void>>()

  async wait(
    stopping: AbortSignal | undefined,
    callInTurn: (admit: Admit) => Promise<CallResult>,
  ): Promise<CallResult> {
    if (stopping === undefined) return await callInTurn((call) => call())
    const gaveUp = Promise.withResolvers<CallResult>()
    let hasGivenUp = false
    const giveUp = () => {
      hasGivenUp = true
      gaveUp.resolve(NOT_STARTED)
    }
    const waiting = this.#waitingFor(stopping)
    waiting.add(giveUp)
    if (stopping.aborted) giveUpSoon(waiting)
    try {
      const ended = callInTurn((call) => {
        if (hasGivenUp) return Promise.resolve(NOT_STARTED)
        waiting.delete(giveUp)
        return call()
      })
      return await Promise.race([ended, gaveUp.promise])
    } finally {
      waiting.delete(giveUp)
    }
  }

  #waitingFor(stopping: AbortSignal): Set<() => void> {
    const known = this.#waiting.get(stopping)
    if (known !== undefined) return known
    const waiting = new Set<() => void>()
    this.#waiting.set(stopping, waiting)
    stopping.addEventListener('abort', () => giveUpSoon(waiting), { once: true })
    return waiting
  }
}

/** Gives up in the next tick of the event loop, so that calls that find an interpreter in this tick are admitted. */
function giveUpSoon(waiting: ReadonlySet<() => void>): void {
  setImmediate(() => {
    for (const giveUp of waiting) giveUp()
  })
}
