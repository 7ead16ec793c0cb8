/**
 * Skips that are not in the database yet, as runs of one trigger and reason, however many polls. The buffer knows which
 * run of a trigger was written last. Skips that only lengthen that run change a count and a time, and can wait when
 * there is much to write.
 */

import type { SkippedTick } from '../engine/triggers/poll-records.ts'

export interface SkipRun {
  readonly reason: string | null
  readonly firstAt: number
  readonly lastAt: number
  readonly count: number
  /** The longest of the skips. Null if no skip has one. */
  readonly latenessMs: number | null
  readonly durationMs: number | null
  readonly isFiring: boolean
  /** Log of the last skip that has one. */
  readonly log?: string | null
}

/** The runs of each trigger, oldest first. */
export type SkipRuns = ReadonlyMap<string, readonly SkipRun[]>

type GrowingRun = { -readonly [Field in keyof SkipRun]: SkipRun[Field] }

export class SkipBuffer {
  /** Runs by trigger that begin a run of the database or change it. */
  readonly #news = new Map<string, GrowingRun[]>()
  /** Runs by trigger that only lengthen the run that was written last. */
  readonly #lengthening = new Map<string, GrowingRun[]>()
  /** The open run of each trigger in the database. */
  readonly #written = new Map<string, Pick<SkipRun, 'reason' | 'isFiring'>>()

  get size(): number {
    return this.#news.size + this.#lengthening.size
  }

  get lengthening(): number {
    return this.#lengthening.size
  }

  note({ trigger, at, reason, latenessMs, durationMs, isFiring, log = null }: SkippedTick): void {
    const run: GrowingRun = { reason, firstAt: at, lastAt: at, count: 1, latenessMs, durationMs, isFiring, log }
    const runs = this.#runsOf(trigger)
    const last = runs?.at(-1)
    if (runs === undefined || last === undefined) {
      const written = this.#written.get(trigger)
      const isMore = written?.reason === reason && written.isFiring === isFiring
      ;(isMore ? this.#lengthening : this.#news).set(trigger, [run])
      return
    }
    const isSame = last.reason === reason
    if ((!isSame || last.isFiring !== isFiring) && this.#lengthening.delete(trigger)) this.#news.set(trigger, runs)
    if (isSame) lengthen(last, run)
    else runs.push(run)
  }

  lastAt(trigger: string): number | null {
    return this.#runsOf(trigger)?.at(-1)?.lastAt ?? null
  }

  /** Removes and returns the runs of one trigger. The next write of the trigger may end the open run. */
  take(trigger: string): SkipRuns {
    const runs = this.#remove(trigger)
    return new Map(runs === undefined ? [] : [[trigger, runs]])
  }

  /** Removes and returns the runs of at most `limit` triggers: first the new ones, then the longest buffered. */
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

  /** Puts skips back after a failed step. Skips that were noted since then come after them. */
  putBack(taken: SkipRuns): void {
    for (const [trigger, earlier] of taken) this.#news.set(trigger, joined(earlier, this.#remove(trigger) ?? []))
  }

  #runsOf(trigger: string): GrowingRun[] | undefined {
    return this.#news.get(trigger) ?? this.#lengthening.get(trigger)
  }

  #remove(trigger: string): GrowingRun[] | undefined {
    const runs = this.#runsOf(trigger)
    this.#news.delete(trigger)
    this.#lengthening.delete(trigger)
    this.#written.delete(trigger)
    return runs
  }
}

function joined(earlier: readonly SkipRun[], later: readonly GrowingRun[]): GrowingRun[] {
  const runs = earlier.map((run) => ({ ...run }))
  const [last, first] = [runs.at(-1), later[0]]
  if (last === undefined || first === undefined || last.reason !== first.reason) return [...runs, ...later]
  lengthen(last, first)
  return [...runs, ...later.slice(1)]
}

function lengthen(run: GrowingRun, later: SkipRun): void {
  run.lastAt = later.lastAt
  run.count += later.count
  run.isFiring = later.isFiring
  run.log = later.log ?? run.log ?? null
  run.latenessMs = longer(run.latenessMs, later.latenessMs)
  run.durationMs = longer(run.durationMs, later.durationMs)
}

function longer(one: number | null, other: number | null): number | null {
  return one === null || (other !== null && other > one) ? other : one
}
