/** Simulated thread that evaluates predicates. Its results take simulated time, and never reach a killed process. */

import type { Predicates } from '../../src/engine/graphs/predicates.ts'
import { predicatesHere } from '../support/predicates-here.ts'
import type { ProcessLoop } from './loop.ts'

const ANSWER_AFTER_MS = 5

export function simulatedPredicates(now: () => number, loop: ProcessLoop): Predicates {
  const predicates = predicatesHere()
  const answerLater = <Value>(settled: Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      settled.then(
        (value) => loop.answer(now() + ANSWER_AFTER_MS, () => resolve(value)),
        (error: Error) => loop.answer(now() + ANSWER_AFTER_MS, () => reject(error)),
      )
    })
  return {
    check: (expression) => answerLater(predicates.check(expression)),
    holds: (question) => answerLater(predicates.holds(question)),
    close: () => predicates.close(),
  }
}
