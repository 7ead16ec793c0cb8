/** Options of polled and cron triggers for alerts, in words. */

import { shownDuration } from '../parts/durations.ts'

/** Returns the expected time between two firings, or null if there is none. */
export function expectationInWords(expectFireMs: number | null): string | null {
  return expectFireMs === null ? null : `alert after ${shownDuration(expectFireMs)} without a firing`
}

/** Returns tags as in the routes of alerts: `team=data, tier=1`. */
export function tagsInWords(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}
