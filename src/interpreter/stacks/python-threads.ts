/**
 * Threads that Python started, each a stack, counted and limited. Used by `interpreter-session.ts`. Without room for a
 * stack, V8 ends the whole process; the ceiling prevents that.
 */

const TOLD_EVERY_MS = 1_000

export interface ThreadCeiling {
  readonly threads: number
  /** Number of threads from which `many` is called; null: never. */
  readonly reportFrom: number | null
}

export class PythonThreads {
  readonly #ceiling: ThreadCeiling
  readonly #run: (ident: number) => Promise<void>
  readonly #many: (count: number) => void
  #count = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(ceiling: ThreadCeiling, run: (ident: number) => Promise<void>, many: (count: number) => void) {
    this.#ceiling = ceiling
    this.#run = run
    this.#many = many
  }

  /** Returns false at the maximum number of threads. */
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
