/** Messages between the engine's thread and the thread of predicates. */

import type { PredicateQuestion } from '../engine/graphs/predicates.ts'

export type PredicateRequest =
  | { readonly kind: 'check'; readonly expression: string }
  | ({ readonly kind: 'holds' } & PredicateQuestion)

/** Answer to `check`: null, or the reason for which the expression is refused. Answer to `holds`: whether it holds. */
export type PredicateAnswer = boolean | string | null
