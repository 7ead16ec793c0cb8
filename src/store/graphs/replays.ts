/** Where a subscription stands that is set back: pure. */

import type { SubscriptionRecord } from './rows.ts'

type Marks = Pick<SubscriptionRecord, 'first_firing' | 'last_firing' | 'done_sequence'>

/**
 * The mark from which a firing and those behind it are passed on once more. It never goes forward, over firings that were not passed on,
 * and not before the oldest firing that is kept.
 */
export function markSetBack({ first_firing, last_firing, done_sequence }: Marks, fromSequence: number): number {
  const oldest = first_firing ?? last_firing + 1
  return Math.min(done_sequence, Math.max(fromSequence, oldest) - 1)
}
