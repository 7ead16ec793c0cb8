/** Evaluates predicates in the calling thread: the answers of the real thread come at times that no test controls. */

import type { Predicates } from '../../src/engine/graphs/predicates.ts'
import { PredicateRefused, predicateOf } from '../../src/predicates/expression.ts'
import { invalidPredicate } from '../../src/predicates/predicate-thread.ts'

export function predicatesHere(): Predicates {
  return {
    async check(expression) {
      try {
        predicateOf(expression)
      } catch (thrown) {
        throw thrown instanceof PredicateRefused ? invalidPredicate(expression, thrown.message) : thrown
      }
    },
    holds: async ({ expression, ...question }) => predicateOf(expression)(question),
    close: async () => undefined,
  }
}
