/** Times of a day in a time zone, also on days on which the zone changes its offset. Pure. */

import type { DailyTime } from '../../model/workflow.ts'
import { instantOfLocalTime, localTimeAt } from '../cron/zones.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export interface DailyDue {
  /** Date in the zone, such as `2026-11-30`. */
  readonly date: string
  readonly at: number
  /** Due time of the day before. */
  readonly previousAt: number
  readonly nextAt: number
}

/** Returns the last due time up to `now`. */
export function lastDailyDue({ time, timezone }: DailyTime, now: number): DailyDue {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const today = Math.floor(localTimeAt(timezone, now) / DAY_MS) * DAY_MS + (hours * 60 + minutes) * MINUTE_MS
  const local = instantOfLocalTime(timezone, today) <= now ? today : today - DAY_MS
  return {
    date: new Date(local).toISOString().slice(0, 10),
    at: instantOfLocalTime(timezone, local),
    previousAt: instantOfLocalTime(timezone, local - DAY_MS),
    nextAt: instantOfLocalTime(timezone, local + DAY_MS),
  }
}
