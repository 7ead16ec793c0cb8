/** Severity of the outcomes of polls. Pure. */

import type { TickOutcome } from '../api/answer-types.ts'

/** Outcomes by severity, the worst last. Marks that are merged have the colour of the worst. */
export const BY_BADNESS: readonly TickOutcome[] = [
  'skipped',
  'fired',
  'duplicate',
  'limited',
  'refused',
  'timedOut',
  'failed',
]

export function worseOutcome(one: TickOutcome, other: TickOutcome): TickOutcome {
  return BY_BADNESS.indexOf(one) >= BY_BADNESS.indexOf(other) ? one : other
}
