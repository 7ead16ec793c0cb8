/** Delays before the next attempt at work that the engine must not give up. */

export const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000

export class GrowingDelay {
  #delayMs = FIRST_DELAY_MS

  /** Returns the delay after this failure, which doubles with each consecutive failure. */
  failed(): number {
    const delayMs = this.#delayMs
    this.#delayMs = Math.min(MAX_DELAY_MS, 2 * delayMs)
    return delayMs
  }

  succeeded(): void {
    this.#delayMs = FIRST_DELAY_MS
  }
}
