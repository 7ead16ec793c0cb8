/** Calls with open promises, with one timer for all deadlines. Most calls end early, so single timers cost too much. */

import type { Clock, Timer } from '../../engine/clock-port.ts'

const MAX_RECENT = 16

export interface TimedCall {
  readonly script: string
  readonly deadlineAt: number
  overdue(): void
}

interface Ended<Call> {
  readonly call: Call
  readonly at: number
}

/** Call that computed between two times, before it returned or waited. */
interface Busy<Call> {
  readonly call: Call
  readonly from: number
  readonly until: number
}

export class OpenCalls<Call extends TimedCall> {
  readonly #clock: Clock
  readonly #calls = new Set<Call>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  readonly #busy: Busy<Call>[] = []
  /** Ring buffer of the newest ones. */
  readonly #recent: Ended<Call>[] = []
  #nextRecent = 0

  get size(): number {
    return this.#calls.size
  }

  add(call: Call): void {
    this.#calls.add(call)
    if (call.deadlineAt < this.#timerAt) this.#arm(call.deadlineAt)
  }

  remove(call: Call): void {
    this.#calls.delete(call)
    this.#recent[this.#nextRecent] = { call, at: this.#clock.monotonic() }
    this.#nextRecent = (this.#nextRecent + 1) % MAX_RECENT
  }

  /** The deadline of the call has changed. */
  moved(call: Call): void {
    if (this.#calls.has(call) && call.deadlineAt < this.#timerAt) this.#arm(call.deadlineAt)
  }

  /** The call computed for long before it returned or waited. */
  wasBusy(call: Call, from: number): void {
    this.#busy.push({ call, from, until: this.#clock.monotonic() })
    if (this.#busy.length > MAX_RECENT) this.#busy.shift()
  }

  /** Returns calls of these scripts that may have blocked the thread at a monotonic time, which may be long ago. */
  suspects(isMeant: (script: string) => boolean, at: number): readonly Call[] {
    const isOfThese = ({ script }: Call) => isMeant(script)
    const busy = this.#busy.filter(({ from, until }) => from <= at && at <= until).map(({ call }) => call)
    if (busy.some(isOfThese)) return busy.filter(isOfThese)
    const endedLater = this.#recent.filter((ended) => ended.at >= at).map(({ call }) => call)
    return [...new Set([...this.#calls, ...endedLater])].filter(isOfThese)
  }

  [Symbol.iterator](): Iterator<Call> {
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
