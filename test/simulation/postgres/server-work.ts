/** Queue of operations on the real server, which run one at a time. Simulated time stands still until all are done. */

export class ServerWork {
  #last: Promise<void> | null = null

  add(work: () => Promise<void>): void {
    const added = (this.#last ?? Promise.resolve()).then(work).finally(() => {
      if (this.#last === added) this.#last = null
    })
    this.#last = added
  }

  /** Promise that resolves after the last operation so far; null if the queue is empty. */
  get settled(): Promise<void> | null {
    return this.#last
  }
}
