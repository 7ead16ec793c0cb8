/**
 * Calls whose promises are out, with one timer for all their deadlines: most calls end long before, and a timer for each would
 * cost more than the rest of a poll.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { FunctionCall } from './function-call.ts'

const MOST_RECENT = 16

interface Ended {
  readonly call: FunctionCall
  readonly at: number
}

/** A call that computed from one time to another, before it returned or waited. */
interface Busy {
  readonly call: FunctionCall
  readonly from: number
  readonly until: number
}

export class OpenCalls {
  readonly #clock: Clock
  readonly #calls = new Set<FunctionCall>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The newest ones. */
  readonly #busy: Busy[] = []
  /** The newest ones, by turns. */
  readonly #recent: Ended[] = []
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
  wasBusy(call: FunctionCall, from: number): void {
    this.#busy.push({ call, from, until: this.#clock.monotonic() })
    if (this.#busy.length > MOST_RECENT) this.#busy.shift()
  }

  /** Calls of these scripts that may have kept the thread busy at a monotonic time, which may be long ago on a busy machine. */
  suspects(isMeant: (script: string) => boolean, at: number): readonly FunctionCall[] {
    const isOfThese = ({ script }: FunctionCall) => isMeant(script)
    const busy = this.#busy.filter(({ from, until }) => from <= at && at <= until).map(({ call }) => call)
    if (busy.some(isOfThese)) return busy.filter(isOfThese)
    const endedLater = this.#recent.filter((ended) => ended.at >= at).map(({ call }) => call)
    return [...new Set([...this.#calls, ...endedLater])].filter(isOfThese)
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
