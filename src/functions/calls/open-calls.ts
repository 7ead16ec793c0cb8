/**
 * Calls whose promises are out, with one timer for all their deadlines: most calls end long before, and a timer for each would
 * cost more than the rest of a poll.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { FunctionCall } from './function-call.ts'

/** Calls that have ended are remembered so long: what they did is noticed a moment later. */
const RECENT_MS = 500
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
  readonly #busy: FunctionCall[] = []
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
    if (this.#busy.length < MOST_RECENT) this.#busy.push(call)
  }

  /** Who of these scripts may have kept the thread busy until now. */
  suspects(isMeant: (script: string) => boolean): readonly FunctionCall[] {
    const busy = this.#busy.splice(0).filter(({ script }) => isMeant(script))
    if (busy.length > 0) return busy
    const since = this.#clock.monotonic() - RECENT_MS
    const ended = this.#recent.filter(({ at }) => at > since).map(({ call }) => call)
    return [...new Set([...this.#calls, ...ended])].filter(({ script }) => isMeant(script))
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
