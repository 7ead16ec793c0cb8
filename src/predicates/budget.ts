/** Budget of one evaluation: a number of steps, and computing time of the thread. */

import type { PredicateLimits } from '../engine/graphs/predicates.ts'

/** Steps between two looks at the clock, which takes as long as a step. */
const STEPS_BETWEEN_LOOKS = 64

/** An evaluation that exceeds its budget. Nothing in the expression catches it. */
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

  /** Counts steps. Throws `OverBudget`. */
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

  /** Throws `OverBudget`. The time that other threads took away from this one does not count. */
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
