/** When a trigger is polled next, as far as the database tells: by its last poll and its interval. */

import type { Trigger } from '../api/answers.ts'
import { shownAge } from '../parts/durations.ts'

/** Null for one that is disabled, or was never polled. */
export function nextPollAt({ enabled, lastPollAt, pollIntervalMs }: Trigger): number | null {
  return enabled && lastPollAt !== null ? Date.parse(lastPollAt) + pollIntervalMs : null
}

/** Shorter intervals than this have no countdown: it would only flicker. */
const COUNTED_MS = 2_000

export function nextPollInWords(trigger: Trigger, now: number): string {
  if (!trigger.enabled) return 'disabled'
  if (trigger.pollIntervalMs <= COUNTED_MS) return 'now'
  const at = nextPollAt(trigger)
  if (at === null || at - now < 1_000) return 'now'
  return `in ${shownAge(at - now)}`
}
