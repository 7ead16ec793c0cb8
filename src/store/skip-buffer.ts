/**
 * Skips that are not in the database yet: a run for each trigger and reason, however many polls. Filled by `noteSkip`,
 * emptied by the steps that write it. It knows neither time nor database.
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

export class SkipBuffer {
  readonly #runs = new Map<string, GrowingRun[]>()

  get size(): number {
    return this.#runs.size
  }

  note({ trigger, at, reason, latenessMs, durationMs, isFiring, log = null }: SkippedTick): void {
    const runs = this.#runs.get(trigger)
    const last = runs?.at(-1)
    if (last !== undefined && last.reason === reason) {
      last.lastAt = at
      last.count += 1
      last.isFiring = isFiring
      last.log = log ?? last.log ?? null
      last.latenessMs = longer(last.latenessMs, latenessMs)
      last.durationMs = longer(last.durationMs, durationMs)
      return
    }
    const run: GrowingRun = { reason, firstAt: at, lastAt: at, count: 1, latenessMs, durationMs, isFiring, log }
    if (runs === undefined) this.#runs.set(trigger, [run])
    else runs.push(run)
  }

  lastAt(trigger: string): number | null {
    return this.#runs.get(trigger)?.at(-1)?.lastAt ?? null
  }

  /** Removes and returns one trigger's runs. */
  take(trigger: string): SkipRuns {
    const runs = this.#runs.get(trigger)
    this.#runs.delete(trigger)
    return new Map(runs === undefined ? [] : [[trigger, runs]])
  }

  /** Removes and returns the runs of up to `limit` triggers, the longest buffered first. */
  takeSome(limit: number): SkipRuns {
    const taken = new Map<string, readonly SkipRun[]>()
    for (const [trigger, runs] of this.#runs) {
      if (taken.size === limit) break
      taken.set(trigger, runs)
      this.#runs.delete(trigger)
    }
    return taken
  }

  /** Undoes a take whose step failed; what was noted meanwhile comes after it. */
  putBack(taken: SkipRuns): void {
    for (const [trigger, earlier] of taken) {
      const later = this.#runs.get(trigger) ?? []
      this.#runs.set(trigger, joined(earlier, later))
    }
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
