/** Work that is done with the real server, one piece after the other. Simulated time stands still until all of it is done. */

export class ServerWork {
  #last: Promise<void> | null = null

  add(work: () => Promise<void>): void {
    const added = (this.#last ?? Promise.resolve()).then(work).finally(() => {
      if (this.#last === added) this.#last = null
    })
    this.#last = added
  }

  /** Settles with the last piece that was added so far; null when nothing is to be done. */
  get settled(): Promise<void> | null {
    return this.#last
  }
}
