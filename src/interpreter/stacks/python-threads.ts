/**
 * The threads that Python has started: each is a stack of its own, counted and kept below a ceiling. Used by `session.ts`.
 * Where a stack finds no room V8 ends the whole process, so that the ceiling is what stands before that.
 */

/** The engine hears of it no more often. */
const TOLD_EVERY_MS = 1_000

export interface ThreadCeiling {
  readonly threads: number
  /** From where on `many` is called; null: never. */
  readonly reportFrom: number | null
}

export class PythonThreads {
  readonly #ceiling: ThreadCeiling
  readonly #run: (ident: number) => Promise<void>
  readonly #many: (count: number) => void
  #count = 0
  #toldAt = Number.NEGATIVE_INFINITY

  /** `run` enters the stack of a thread, and settles when it has ended. */
  constructor(ceiling: ThreadCeiling, run: (ident: number) => Promise<void>, many: (count: number) => void) {
    this.#ceiling = ceiling
    this.#run = run
    this.#many = many
  }

  /** False when there are as many as there may be. */
  start(ident: number): boolean {
    const { threads, reportFrom } = this.#ceiling
    if (this.#count >= threads) return false
    this.#count += 1
    void this.#run(ident).finally(() => {
      this.#count -= 1
    })
    if (reportFrom !== null && this.#count >= reportFrom) this.#report()
    return true
  }

  #report(): void {
    const now = performance.now()
    if (now - this.#toldAt < TOLD_EVERY_MS) return
    this.#toldAt = now
    this.#many(this.#count)
  }
}
