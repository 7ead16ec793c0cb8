/** Shares answers of equal requests for a second, so that frequent requests cost no more than one. */

import type { Clock } from '../engine/clock-port.ts'

const SHARED_MS = 1_000
const MAX_KEPT = 100

interface SharedAnswer {
  readonly answer: Promise<unknown>
  /** Monotonic time at which the answer expires. */
  readonly expiresAt: number
}

export class SharedAnswers {
  readonly #clock: Clock
  /** Answers by request, the oldest first. */
  readonly #answers = new Map<string, SharedAnswer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns the answer of an equal request of the last second, or calls `make`. Failures are not kept. */
  get(request: string, make: () => Promise<unknown>): Promise<unknown> {
    const now = this.#clock.monotonic()
    const known = this.#answers.get(request)
    if (known !== undefined && now < known.expiresAt) return known.answer
    const answer = make()
    this.#answers.delete(request)
    this.#answers.set(request, { answer, expiresAt: now + SHARED_MS })
    answer.catch(() => {
      if (this.#answers.get(request)?.answer === answer) this.#answers.delete(request)
    })
    this.#forgetOldest(now)
    return answer
  }

  #forgetOldest(now: number): void {
    for (const [request, { expiresAt }] of this.#answers) {
      if (expiresAt > now && this.#answers.size <= MAX_KEPT) return
      this.#answers.delete(request)
    }
  }
}
