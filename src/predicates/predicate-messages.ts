/** Messages between the engine's thread and the thread of predicates. */

import type { PredicateQuestion } from '../engine/graphs/predicates.ts'

export type PredicateRequest =
  | { readonly kind: 'check'; readonly expression: string }
  | ({ readonly kind: 'holds' } & PredicateQuestion)

/**
 * Answer to `check`: fields of the payload, or why the expression is rejected. Answer to `holds`: whether it is true.
 */
export type PredicateAnswer = boolean | string | readonly string[]
