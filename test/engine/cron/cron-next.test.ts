/** Property test of daily schedules: compares `nextRunAt` with a search through every minute. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRunAt } from '../../../src/engine/cron/expressions.ts'
import { localTimeAt } from '../../../src/engine/cron/zones.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Start times on days around a clock change in one of the zones, and on other days. */
const anyStart = fc
  .tuple(
    fc.constantFrom('2026-03-28', '2026-10-24', '2026-10-03', '2026-04-04', '2026-07-01', '2027-03-13'),
    fc.integer({ min: 0, max: 2 * DAY_MS }),
  )
  .map(([day, ms]) => Date.parse(`${day}T00:00:00Z`) + ms)

const anyZone = fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Asia/Kolkata')

describe('a daily schedule, in any zone, on any day', () => {
  it('fires once a day, at the first occurrence of its local time or after the gap that skips it', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    fc.assert(
      fc.property(time, anyZone, anyStart, ([hour, minute], zone, after) => {
        const wanted = (hour * 60 + minute) * MINUTE_MS
        const at = nextRunAt(`${minute} ${hour} * * *`, zone, after)

        expect(at).toBe(expected(zone, after, wanted))
      }),
      { numRuns: 25 },
    )
  })
})

/** Returns the first minute after `after` in which the local time `wanted` first occurs, or ends a gap around it. */
function expected(zone: string, after: number, wanted: number): number {
  const start = Math.floor(after / MINUTE_MS) * MINUTE_MS - 2 * DAY_MS
  const fired = new Set<number>()
  let before = localTimeAt(zone, start - MINUTE_MS)
  for (let at = start; ; at += MINUTE_MS) {
    const now = localTimeAt(zone, at)
    for (let local = Math.min(before + MINUTE_MS, now); local <= now; local += MINUTE_MS) {
      if (local % DAY_MS !== wanted || fired.has(local)) continue
      fired.add(local)
      if (at > after) return at
    }
    before = now
  }
}
