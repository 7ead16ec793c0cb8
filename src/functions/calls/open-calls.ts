/**
 * Calls whose promises are out, with one timer for all their deadlines: most calls end long before, and a timer for each would
 * cost more than the rest of a poll.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { FunctionCall } from './function-call.ts'

/** Calls that have ended are remembered so long: what they did is noticed a moment later. */
const RECENT_MS = 500
/** The same for those that have computed for long. Then nobody was there who noticed it, and they are not to be blamed for the next. */
const BUSY_RECENT_MS = 2_000
const MOST_RECENT = 16

interface Recent {
  readonly call: FunctionCall
  readonly at: number
}

export class OpenCalls {
  readonly #clock: Clock
  readonly #calls = new Set<FunctionCall>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Since somebody asked. */
  readonly #busy: Recent[] = []
  /** By turns. */
  readonly #recent: Recent[] = []
  #nextRecent = 0

  get size(): number {
    return this.#calls.size
  }

  add(call: FunctionCall): void {
    this.#calls.add(call)
    if (call.deadlineAt < this.#timerAt) this.#arm(call.deadlineAt)
  }

  remove(call: FunctionCall): void {
    this.#calls.delete(call)
    this.#recent[this.#nextRecent] = { call, at: this.#clock.monotonic() }
    this.#nextRecent = (this.#nextRecent + 1) % MOST_RECENT
  }

  /** It has computed for long before it returned or waited. */
  wasBusy(call: FunctionCall): void {
    this.#busy.push({ call, at: this.#clock.monotonic() })
    if (this.#busy.length > MOST_RECENT) this.#busy.shift()
  }

  /** Who of these scripts may have kept the thread busy until now. */
  suspects(isMeant: (script: string) => boolean): readonly FunctionCall[] {
    const now = this.#clock.monotonic()
    const isOfThese = ({ script }: FunctionCall) => isMeant(script)
    const busy = callsSince(now - BUSY_RECENT_MS, this.#busy.splice(0)).filter(isOfThese)
    if (busy.length > 0) return busy
    return [...new Set([...this.#calls, ...callsSince(now - RECENT_MS, this.#recent)])].filter(isOfThese)
  }

  [Symbol.iterator](): Iterator<FunctionCall> {
    return [...this.#calls][Symbol.iterator]()
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #arm(at: number): void {
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.wakeAfter(Math.max(0, at - this.#clock.monotonic()), () => this.#wake())
  }

  #wake(): void {
    this.#timer = null
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#calls) {
      if (call.deadlineAt <= now) call.overdue()
      else next = Math.min(next, call.deadlineAt)
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next)
  }
}

function callsSince(since: number, recent: readonly Recent[]): readonly FunctionCall[] {
  return recent.filter(({ at }) => at > since).map(({ call }) => call)
}
