/**
 * Skips that are not in the database yet: one run a trigger, however many polls. Filled by `noteSkip`, emptied by the
 * steps that write it. It knows neither time nor database.
 */

/** Consecutive skips of one trigger. */
export interface SkipRun {
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
}

interface GrowingRun {
  firstAt: number
  lastAt: number
  count: number
}

export class SkipBuffer {
  readonly #runs = new Map<string, GrowingRun>()

  get size(): number {
    return this.#runs.size
  }

  note(trigger: string, at: number): void {
    const run = this.#runs.get(trigger)
    if (run === undefined) this.#runs.set(trigger, { firstAt: at, lastAt: at, count: 1 })
    else {
      run.lastAt = at
      run.count += 1
    }
  }

  lastAt(trigger: string): number | null {
    return this.#runs.get(trigger)?.lastAt ?? null
  }

  /** Removes and returns one trigger's run. */
  take(trigger: string): ReadonlyMap<string, SkipRun> {
    const run = this.#runs.get(trigger)
    this.#runs.delete(trigger)
    return new Map(run === undefined ? [] : [[trigger, run]])
  }

  /** Removes and returns up to `limit` runs, the longest buffered first. */
  takeSome(limit: number): ReadonlyMap<string, SkipRun> {
    const taken = new Map<string, SkipRun>()
    for (const [trigger, run] of this.#runs) {
      if (taken.size === limit) break
      taken.set(trigger, run)
      this.#runs.delete(trigger)
    }
    return taken
  }

  /** Undoes a take whose step failed; what was noted meanwhile comes after it. */
  putBack(taken: ReadonlyMap<string, SkipRun>): void {
    for (const [trigger, earlier] of taken) {
      const run = this.#runs.get(trigger)
      if (run === undefined) this.#runs.set(trigger, { ...earlier })
      else {
        run.firstAt = earlier.firstAt
        run.count += earlier.count
      }
    }
  }
}
