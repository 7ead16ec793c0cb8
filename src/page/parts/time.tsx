/** A time as an age or a countdown that is updated. The exact time is under the mouse. */

import { now } from '../live/live-clock.ts'
import { shownAge } from './durations.ts'
import { exactTime } from './zone.ts'

const A_WEEK_MS = 7 * 24 * 3_600_000

/** `at`: RFC 3339; null shows `never` or the given text. */
export function Time({ at, never = 'never' }: { readonly at: string | null; readonly never?: string }) {
  if (at === null) return <span class="faint">{never}</span>
  const instant = Date.parse(at)
  return (
    <time dateTime={at} title={exactTime(instant)}>
      {relativeTime(instant, now.value)}
    </time>
  )
}

/** Shows how long something has lasted. The exact start is under the mouse. `since`: RFC 3339. */
export function Age({ since }: { readonly since: string }) {
  const instant = Date.parse(since)
  return (
    <time dateTime={since} title={exactTime(instant)}>
      {shownAge(now.value - instant)}
    </time>
  )
}

export function relativeTime(at: number, from: number): string {
  const difference = at - from
  if (Math.abs(difference) > A_WEEK_MS) return exactTime(at).slice(0, 16)
  if (Math.abs(difference) < 1_000) return 'now'
  return difference < 0 ? `${shownAge(-difference)} ago` : `in ${shownAge(difference)}`
}
