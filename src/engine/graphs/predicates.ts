/** Port through which the engine checks and evaluates predicates of subscriptions. Implemented in `src/predicates/`. */

import type { ReactorFiring } from '../../model/graphs/rows.ts'

/** Budget of one evaluation. */
export interface PredicateLimits {
  /** Computing time, in milliseconds. */
  readonly predicateTimeoutMs: number
  /** Number of evaluated parts of the expression. */
  readonly predicateSteps: number
}

export interface PredicateQuestion {
  readonly expression: string
  readonly firing: Pick<ReactorFiring, 'payloadText' | 'reactor'>
  readonly tenant: string
  readonly limits: PredicateLimits
}

export interface Predicates {
  /** Rejects with `INVALID_PREDICATE`: it cannot be parsed, names something unknown, or does not return a bool. */
  check(expression: string): Promise<void>
  /** Settles with whether the firing is for the subscription. Rejects with the reason if the predicate has no answer. */
  holds(question: PredicateQuestion): Promise<boolean>
  /** Questions without an answer are rejected. */
  close(): Promise<void>
}
