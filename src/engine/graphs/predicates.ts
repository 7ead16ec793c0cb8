/** Port through which the engine checks and evaluates predicates of subscriptions. Implemented in `src/predicates/`. */

import type { ReactorFiring } from '../../model/graphs/graph-model-rows.ts'

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
  /**
   * Resolves with the fields of the payload that the expression names. Rejects with `INVALID_PREDICATE`: it cannot be
   * parsed, names something unknown, or does not return a bool.
   */
  check(expression: string): Promise<readonly string[]>
  /** Resolves with whether the firing is for the subscription. Rejects with the reason if the predicate fails. */
  holds(question: PredicateQuestion): Promise<boolean>
  /** Rejects the pending questions. */
  close(): Promise<void>
}
