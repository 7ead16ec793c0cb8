/** Evaluates predicates in the calling thread, because tests cannot control when the real thread answers. */

import type { Predicates } from '../../src/engine/graphs/predicates.ts'
import { compilePredicate, PredicateRefused } from '../../src/predicates/expression.ts'
import { invalidPredicate } from '../../src/predicates/predicate-thread.ts'

export function predicatesHere(): Predicates {
  return {
    async check(expression) {
      try {
        return compilePredicate(expression).fields
      } catch (thrown) {
        throw thrown instanceof PredicateRefused ? invalidPredicate(expression, thrown.message) : thrown
      }
    },
    holds: async ({ expression, ...question }) => compilePredicate(expression).holds(question),
    close: async () => undefined,
  }
}
