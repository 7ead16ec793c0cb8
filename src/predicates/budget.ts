/** Budget of one evaluation: a number of steps, and the CPU time of the thread. */

import type { PredicateLimits } from '../engine/graphs/predicates.ts'

/** Number of steps between two readings of the clock, which takes as long as a step. */
const STEPS_BETWEEN_LOOKS = 64

/** Error of an evaluation that exceeds its budget. Expressions cannot catch it. */
export class OverBudget extends Error {}

export class Budget {
  readonly #limits: PredicateLimits
  readonly #startedAt = performance.now()
  readonly #startedCpuMs = cpuMs()
  #steps = 0
  #nextLook = STEPS_BETWEEN_LOOKS

  constructor(limits: PredicateLimits) {
    this.#limits = limits
  }

  charge(steps: number): void {
    const { predicateSteps } = this.#limits
    this.#steps += steps
    if (this.#steps > predicateSteps) {
      throw new OverBudget(`the evaluation takes more than ${predicateSteps} steps (limits.predicate-steps)`)
    }
    if (this.#steps < this.#nextLook) return
    this.#nextLook = this.#steps + STEPS_BETWEEN_LOOKS
    this.checkTime()
  }

  /** Throws `OverBudget`. Measures CPU time, so other threads do not matter. */
  checkTime(): void {
    const { predicateTimeoutMs } = this.#limits
    if (performance.now() - this.#startedAt <= predicateTimeoutMs) return
    if (cpuMs() - this.#startedCpuMs <= predicateTimeoutMs) return
    throw new OverBudget(`the evaluation takes more than ${predicateTimeoutMs} ms (limits.predicate)`)
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
