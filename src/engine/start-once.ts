/** Starts something once; the next call repeats a failed start. Used by the engine and, for Python, by the runner. */

export class StartOnce<Result> {
  readonly #start: () => Promise<Result>
  #started: Promise<Result> | null = null
  #result: Result | null = null

  constructor(start: () => Promise<Result>) {
    this.#start = start
  }

  /** Starts if necessary. Settles as the start does. */
  async done(): Promise<Result> {
    const started = this.#started ?? this.#start()
    this.#started = started
    try {
      this.#result = await started
      return this.#result
    } catch (thrown) {
      // Another call may have begun the next attempt already.
      if (this.#started === started) this.#started = null
      throw thrown
    }
  }

  /** Result of the start, or null. For callers for which a promise would cost more than their call. */
  get result(): Result | null {
    return this.#result
  }

  /** Waits for a running start. Returns its result, or null if there is none. Never rejects. */
  async settled(): Promise<Result | null> {
    return (await this.#started?.catch(() => null)) ?? null // Ignored: the caller of `done` receives the error
  }
}
