/** Which outcome of a poll is worse: pure. */

import type { Outcome } from '../api/answers.ts'

/** The worst comes last: it gives several that are shown as one their colour. */
export const BY_BADNESS: readonly Outcome[] = ['skipped', 'fired', 'duplicate', 'limited', 'timedOut', 'failed']

export function worseOf(one: Outcome, other: Outcome): Outcome {
  return BY_BADNESS.indexOf(one) >= BY_BADNESS.indexOf(other) ? one : other
}
