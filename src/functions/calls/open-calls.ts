/**
 * Calls whose promises are out, with one timer for all their deadlines: most calls end long before, and a timer for each would
 * cost more than the rest of a poll.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { FunctionCall } from './function-call.ts'

export class OpenCalls {
  readonly #clock: Clock
  readonly #calls = new Set<FunctionCall>()
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#calls.size
  }

  add(call: FunctionCall): void {
    this.#calls.add(call)
    if (call.deadlineAt < this.#timerAt) this.#arm(call.deadlineAt)
  }

  remove(call: FunctionCall): void {
    this.#calls.delete(call)
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
