/** Time of the next poll of a trigger, from its last poll and its interval in the database. */

import type { Trigger } from '../api/answer-types.ts'
import { shownAge } from '../parts/durations.ts'

/** Returns null for a trigger that is disabled, was never polled, or is not polled while its executions wait. */
export function nextPollAt(trigger: Trigger): number | null {
  const { enabled, pollIntervalMs, waitingExecutions } = trigger
  const lastAt = lastPollAt(trigger)
  return enabled && lastAt !== null && waitingExecutions === 0 ? lastAt + pollIntervalMs : null
}

/** The stored time of the last poll is that of the last poll that did not fail. */
function lastPollAt({ lastPollAt: storedAt, lastTick }: Trigger): number | null {
  const times = [storedAt, lastTick?.lastAt].flatMap((at) => (at ? Date.parse(at) : []))
  return times.length === 0 ? null : Math.max(...times)
}

/** Minimum interval for showing the next poll: nobody waits for one of a shorter interval. */
const SHOWN_FROM_MS = 10_000

export function isNextPollShown({ pollIntervalMs }: Pick<Trigger, 'pollIntervalMs'>): boolean {
  return pollIntervalMs >= SHOWN_FROM_MS
}

export function nextPollInWords(trigger: Trigger, now: number): string {
  if (!trigger.enabled) return 'disabled'
  if (trigger.waitingExecutions > 0) return 'waiting'
  const at = nextPollAt(trigger)
  if (at === null || at - now < 1_000) return 'now'
  return `in ${shownAge(at - now)}`
}
