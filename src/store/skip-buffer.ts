/**
 * Skips that are not in the database yet: a run for each trigger and reason, however many polls. Filled by `noteSkip`,
 * emptied by the steps that write it. It knows neither time nor database, but which run of a trigger was written last: what
 * only lengthens that one tells nothing new but a count and an instant, and can wait when there is much to write.
 */

import type { SkippedTick } from '../engine/ports.ts'

/** Consecutive skips of one trigger with the same reason. */
export interface SkipRun {
  readonly reason: string | null
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  /** The longest of them; null where none has any. */
  readonly latenessMs: number | null
  readonly durationMs: number | null
  /** Of the last of them. */
  readonly isFiring: boolean
  /** Of the last that has any. */
  readonly log?: string | null
}

/** The runs of each trigger, oldest first. */
export type SkipRuns = ReadonlyMap<string, readonly SkipRun[]>

type GrowingRun = { -readonly [Field in keyof SkipRun]: SkipRun[Field] }

/** What is in the database of the run that is open there. */
type WrittenRun = Pick<SkipRun, 'reason' | 'isFiring'>

export class SkipBuffer {
  /** By trigger: what begins a run, or changes it. */
  readonly #news = new Map<string, GrowingRun[]>()
  /** By trigger: what only lengthens the run that was written last. */
  readonly #lengthening = new Map<string, GrowingRun[]>()
  readonly #written = new Map<string, WrittenRun>()

  get size(): number {
    return this.#news.size + this.#lengthening.size
  }

  /** Triggers of which there are only skips that lengthen what is written. */
  get lengthening(): number {
    return this.#lengthening.size
  }

  note({ trigger, at, reason, latenessMs, durationMs, isFiring, log = null }: SkippedTick): void {
    const runs = this.#runsOf(trigger)
    const last = runs?.at(-1)
    if (runs !== undefined && last !== undefined && last.reason === reason) {
      if (last.isFiring !== isFiring) this.#hasNews(trigger, runs)
      last.lastAt = at
      last.count += 1
      last.isFiring = isFiring
      last.log = log ?? last.log ?? null
      last.latenessMs = longer(last.latenessMs, latenessMs)
      last.durationMs = longer(last.durationMs, durationMs)
      return
    }
    const run: GrowingRun = { reason, firstAt: at, lastAt: at, count: 1, latenessMs, durationMs, isFiring, log }
    if (runs === undefined) this.#put(trigger, run)
    else {
      runs.push(run)
      this.#hasNews(trigger, runs)
    }
  }

  lastAt(trigger: string): number | null {
    return this.#runsOf(trigger)?.at(-1)?.lastAt ?? null
  }

  /** Removes and returns one trigger's runs. What is written next of it may end the run that is open. */
  take(trigger: string): SkipRuns {
    const runs = this.#runsOf(trigger)
    this.#remove(trigger)
    this.#written.delete(trigger)
    return new Map(runs === undefined ? [] : [[trigger, runs]])
  }

  /** Removes and returns the runs of up to `limit` triggers: those that say something new, then the longest buffered. */
  takeSome(limit: number): SkipRuns {
    const taken = new Map<string, readonly SkipRun[]>()
    for (const from of [this.#news, this.#lengthening]) {
      for (const [trigger, runs] of from) {
        if (taken.size === limit) return taken
        taken.set(trigger, runs)
        from.delete(trigger)
        const last = runs.at(-1)
        if (last !== undefined) this.#written.set(trigger, { reason: last.reason, isFiring: last.isFiring })
      }
    }
    return taken
  }

  /** Undoes a take whose step failed; what was noted meanwhile comes after it. */
  putBack(taken: SkipRuns): void {
    for (const [trigger, earlier] of taken) {
      const later = this.#runsOf(trigger) ?? []
      this.#remove(trigger)
      this.#written.delete(trigger)
      this.#news.set(trigger, joined(earlier, later))
    }
  }

  #runsOf(trigger: string): GrowingRun[] | undefined {
    return this.#news.get(trigger) ?? this.#lengthening.get(trigger)
  }

  #put(trigger: string, run: GrowingRun): void {
    const written = this.#written.get(trigger)
    const isMore = written !== undefined && written.reason === run.reason && written.isFiring === run.isFiring
    const into = isMore ? this.#lengthening : this.#news
    into.set(trigger, [run])
  }

  #hasNews(trigger: string, runs: GrowingRun[]): void {
    if (this.#lengthening.delete(trigger)) this.#news.set(trigger, runs)
  }

  #remove(trigger: string): void {
    this.#news.delete(trigger)
    this.#lengthening.delete(trigger)
  }
}

function joined(earlier: readonly SkipRun[], later: readonly GrowingRun[]): GrowingRun[] {
  const [last, first] = [earlier.at(-1), later[0]]
  const runs = earlier.map((run) => ({ ...run }))
  if (last === undefined || first === undefined || last.reason !== first.reason) return [...runs, ...later]
  const one: GrowingRun = {
    ...last,
    lastAt: first.lastAt,
    isFiring: first.isFiring,
    count: last.count + first.count,
    latenessMs: longer(last.latenessMs, first.latenessMs),
    durationMs: longer(last.durationMs, first.durationMs),
  }
  return [...runs.slice(0, -1), one, ...later.slice(1)]
}

function longer(one: number | null, other: number | null): number | null {
  return one === null || (other !== null && other > one) ? other : one
}
