/**
 * Something that is started once, however often it is asked for; a start that failed is tried again by whoever asks
 * next. Held by the engine for its loops and by the runner for Python.
 */

export class StartOnce<Result> {
  readonly #start: () => Promise<Result>
  #started: Promise<Result> | null = null
  #result: Result | null = null

  constructor(start: () => Promise<Result>) {
    this.#start = start
  }

  /** Settles as the start does that is under way or is done. */
  async done(): Promise<Result> {
    const started = this.#started ?? this.#start()
    this.#started = started
    try {
      this.#result = await started
      return this.#result
    } catch (thrown) {
      // Another call may have begun the next try already.
      if (this.#started === started) this.#started = null
      throw thrown
    }
  }

  /** What was started; null before. Asked where a promise for each call would cost more than the call. */
  get result(): Result | null {
    return this.#result
  }

  /** What was started, once a start that is under way has ended; null where there is none. Never rejects. */
  async settled(): Promise<Result | null> {
    return (await this.#started?.catch(() => null)) ?? null
  }
}
