/**
 * Finds out who makes an interpreter die, and keeps the culprit away for a while. Owned by
 * `interpreter-supervisor.ts`. Of a hang it is known who was running. All that another death shows for certain is who was inside.
 *
 * The states of a label, and the moves:
 *   trusted → suspect   it was inside when the interpreter died, and so were others
 *   suspect → trusted   an entry of it ended
 *   any     → culprit   it was the only one inside, or the only suspect inside
 *   culprit → suspect   its back-off is over: 10 s, doubling to 5 min; forgotten after ten entries that ended well
 * Suspects enter one after another, so that the next death names one. One that takes longer than a poll may lets the
 * next one in.
 */

import type { Clock } from '../../engine/ports.ts'

const FIRST_BACKOFF_MS = 10_000
const GOOD_ENTRIES_TO_FORGET = 10
const LONGEST_BACKOFF_MS = 300_000
const LONGEST_STAY_MS = 35_000

interface Backoff {
  readonly delayMs: number
  readonly until: number
  goodEntries: number
}

export class Suspects {
  readonly #clock: Clock
  /** The labels of those inside, by place; null where there is nobody. A table by label would cost a poll more. */
  readonly #inside: (string | null)[] = []
  readonly #freePlaces: number[] = []
  readonly #suspects = new Set<string>()
  readonly #backoffs = new Map<string, Backoff>()
  #lastPlace: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nobody is suspected or kept away: all may enter at once. */
  get isEmpty(): boolean {
    return this.#suspects.size === 0 && this.#backoffs.size === 0
  }

  has(label: string): boolean {
    return this.#suspects.has(label)
  }

  /** How long this label is still not let in; 0 when it is. */
  backedOffMs(label: string): number {
    if (this.#backoffs.size === 0) return 0
    const until = this.#backoffs.get(label)?.until ?? Number.NEGATIVE_INFINITY
    return Math.max(0, until - this.#clock.monotonic())
  }

  /** Null for the trusted. A suspect waits until it may enter, and calls what it gets when it is outside again. */
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

  /** Returns its place, with which it leaves. */
  entered(label: string): number {
    const place = this.#freePlaces.pop() ?? this.#inside.length
    this.#inside[place] = label
    return place
  }

  /** `isAlive`: the interpreter outlived the entry. */
  left(label: string, place: number, isAlive: boolean): void {
    this.#inside[place] = null
    this.#freePlaces.push(place)
    if (!isAlive || this.isEmpty) return
    this.#suspects.delete(label)
    const backoff = this.#backoffs.get(label)
    if (backoff !== undefined && ++backoff.goodEntries >= GOOD_ENTRIES_TO_FORGET) this.#backoffs.delete(label)
  }

  /**
   * The interpreter died, with everybody still inside. Returns the culprit, who is to be kept away from the next one,
   * or null when it is not clear yet. `running`: who was at work, where that is known; nobody else is suspected when it was
   * something that does not enter here, as the loading of a script.
   */
  died(running: string | null): string | null {
    const inside = [...new Set(this.#inside.filter((label) => label !== null))]
    if (running !== null && !inside.includes(running)) return running
    const culprit = running ?? onlyOne(inside) ?? onlyOne(inside.filter((label) => this.#suspects.has(label)))
    const suspects = culprit === null ? inside : [culprit]
    for (const label of suspects) this.#suspects.add(label)
    return culprit
  }

  /** It lives elsewhere from now on. */
  forget(label: string): void {
    this.#suspects.delete(label)
    this.#backoffs.delete(label)
  }

  /** Begins the back-off of a culprit: when there is an interpreter again. */
  keepAway(label: string): void {
    const delayMs = Math.min((this.#backoffs.get(label)?.delayMs ?? FIRST_BACKOFF_MS / 2) * 2, LONGEST_BACKOFF_MS)
    this.#backoffs.set(label, { delayMs, until: this.#clock.monotonic() + delayMs, goodEntries: 0 })
  }
}

function onlyOne(labels: readonly string[]): string | null {
  const [first] = labels
  return labels.length === 1 && first !== undefined ? first : null
}
