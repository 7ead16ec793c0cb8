/** What the engine's thread asks the thread of predicates, and what that answers. */

import type { PredicateQuestion } from '../engine/graphs/predicates.ts'

export type PredicateRequest =
  | { readonly kind: 'check'; readonly expression: string }
  | ({ readonly kind: 'holds' } & PredicateQuestion)

/** Of a check: null, or why the expression is refused. */
export type PredicateAnswer = boolean | string | null
