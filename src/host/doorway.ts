/**
 * Where polls and tasks wait to be let into an interpreter. Held by `python-host.ts`. Who asked may stop while its calls
 * still wait, as an engine does that cannot wait for an interpreter which does not start: each of them is then answered
 * that it was not entered, and is not let in later. What is inside goes on.
 */

import { type EntryAnswer, NOT_ENTERED } from './process/outcomes.ts'

/** Makes the call, or not any more. To be called when Python can be entered. */
export type LetIn<Answer> = (call: () => Promise<Answer>) => Promise<EntryAnswer>

export class Doorway {
  /** What ends the waits of each who asked. One listener serves them all: polls come by the thousand. */
  readonly #waiting = new WeakMap<AbortSignal, Set<() => void>>()

  async pass<Answer extends EntryAnswer>(
    stopping: AbortSignal | undefined,
    enter: (letIn: LetIn<Answer>) => Promise<EntryAnswer>,
  ): Promise<EntryAnswer> {
    if (stopping === undefined) return await enter((call) => call())
    const gaveUp = Promise.withResolvers<EntryAnswer>()
    let hasGivenUp = false
    const giveUp = () => {
      hasGivenUp = true
      gaveUp.resolve(NOT_ENTERED)
    }
    const waiting = this.#waitingFor(stopping)
    waiting.add(giveUp)
    if (stopping.aborted) giveUpSoon(waiting)
    try {
      const entered = enter((call) => {
        if (hasGivenUp) return Promise.resolve(NOT_ENTERED)
        waiting.delete(giveUp)
        return call()
      })
      return await Promise.race([entered, gaveUp.promise])
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

/** In the next tick of the event loop: who has been begun, and finds an interpreter, is let in by then. */
function giveUpSoon(waiting: ReadonlySet<() => void>): void {
  setImmediate(() => {
    for (const giveUp of waiting) giveUp()
  })
}
