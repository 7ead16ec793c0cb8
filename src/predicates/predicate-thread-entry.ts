/** The thread that checks and evaluates predicates. Started by `predicate-thread.ts`. */

import { answerRequests } from '../threads/answering.ts'
import { compilePredicate, type Predicate, PredicateRefused } from './expression.ts'
import type { PredicateAnswer, PredicateRequest } from './predicate-messages.ts'

const MAX_KEPT = 1_000
const predicates = new Map<string, Predicate>()

answerRequests<PredicateRequest, PredicateAnswer>((request) => {
  return request.kind === 'check' ? checked(request.expression) : predicateFor(request.expression).holds(request)
})

function checked(expression: string): readonly string[] | string {
  try {
    return compilePredicate(expression).fields
  } catch (thrown) {
    if (thrown instanceof PredicateRefused) return thrown.message
    throw thrown
  }
}

function predicateFor(expression: string): Predicate {
  const known = predicates.get(expression)
  if (known !== undefined) return known
  const predicate = compilePredicate(expression)
  if (predicates.size >= MAX_KEPT) predicates.clear()
  predicates.set(expression, predicate)
  return predicate
}
