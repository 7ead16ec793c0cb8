/**
 * Finds the call that kills interpreters, and keeps it away for a while. Owned by `interpreter-supervisor.ts`. If an
 * interpreter hangs, the engine knows which call was running. After another death, it only knows the open calls.
 *
 * The states of a label, and the moves:
 *   trusted → suspect   several calls were open when the interpreter died, and this was one of them
 *   suspect → trusted   a call with the label ended
 *   any     → culprit   it was the only open call, or the only open call of a suspect
 *   culprit → suspect   its back-off is over: 10 s, doubling to 5 min; forgotten after ten calls that ended well
 * Calls of suspects begin one after another, so that the next death names one. If a call takes longer than a poll may,
 * the next call begins.
 */

import type { Clock } from '../../../engine/clock-port.ts'

const FIRST_BACKOFF_MS = 10_000
const GOOD_CALLS_TO_FORGET = 10
const LONGEST_BACKOFF_MS = 300_000
const LONGEST_STAY_MS = 35_000

interface Backoff {
  readonly delayMs: number
  readonly until: number
  goodCalls: number
}

export class Suspects {
  readonly #clock: Clock
  /** Labels of the open calls by place, or null for a free place. A table by label would make polls slower. */
  readonly #inside: (string | null)[] = []
  readonly #freePlaces: number[] = []
  readonly #suspects = new Set<string>()
  readonly #backoffs = new Map<string, Backoff>()
  #lastPlace: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#suspects.size === 0 && this.#backoffs.size === 0
  }

  has(label: string): boolean {
    return this.#suspects.has(label)
  }

  /** Returns the remaining back-off of a label in milliseconds, or 0. */
  backedOffMs(label: string): number {
    if (this.#backoffs.size === 0) return 0
    const until = this.#backoffs.get(label)?.until ?? Number.NEGATIVE_INFINITY
    return Math.max(0, until - this.#clock.monotonic())
  }

  /** Returns null for a trusted label. For a suspect, waits until the call may begin; call the result at its end. */
  placeOf(label: string): Promise<() => void> | null {
    if (!this.#suspects.has(label)) return null
    const before = this.#lastPlace
    const place = Promise.withResolvers<void>()
    this.#lastPlace = place.promise
    return before.then(() => {
      const timer = this.#clock.wakeAfter(LONGEST_STAY_MS, place.resolve)
      return () => {
        timer.cancel()
        place.resolve()
      }
    })
  }

  began(label: string): number {
    const place = this.#freePlaces.pop() ?? this.#inside.length
    this.#inside[place] = label
    return place
  }

  ended(label: string, place: number, isAlive: boolean): void {
    this.#inside[place] = null
    this.#freePlaces.push(place)
    if (!isAlive || this.isEmpty) return
    this.#suspects.delete(label)
    const backoff = this.#backoffs.get(label)
    if (backoff !== undefined && ++backoff.goodCalls >= GOOD_CALLS_TO_FORGET) this.#backoffs.delete(label)
  }

  /**
   * Reports that the interpreter died with its open calls. Returns the label to keep away from the next interpreter, or
   * null if the culprit is not known yet. `running`: the label that was running, if it is known. If it is not the label
   * of an open call, such as the load of a script, no other label is suspected.
   */
  died(running: string | null): string | null {
    const inside = [...new Set(this.#inside.filter((label) => label !== null))]
    if (running !== null && !inside.includes(running)) return running
    const culprit = running ?? onlyOne(inside) ?? onlyOne(inside.filter((label) => this.#suspects.has(label)))
    const suspects = culprit === null ? inside : [culprit]
    for (const label of suspects) this.#suspects.add(label)
    return culprit
  }

  /** Forgets a label, whose calls go to another interpreter from now on. */
  forget(label: string): void {
    this.#suspects.delete(label)
    this.#backoffs.delete(label)
  }

  /** Begins the back-off of a culprit, which the caller does when there is an interpreter again. */
  keepAway(label: string): void {
    const delayMs = Math.min((this.#backoffs.get(label)?.delayMs ?? FIRST_BACKOFF_MS / 2) * 2, LONGEST_BACKOFF_MS)
    this.#backoffs.set(label, { delayMs, until: this.#clock.monotonic() + delayMs, goodCalls: 0 })
  }
}

function onlyOne(labels: readonly string[]): string | null {
  const [first] = labels
  return labels.length === 1 && first !== undefined ? first : null
}
