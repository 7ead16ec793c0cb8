/** Any schedule of a time of day, against a walk through every minute. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRunAt } from '../../../src/engine/cron/expressions.ts'
import { localTimeAt } from '../../../src/engine/cron/zones.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Days on which a clock was changed, and others. */
const anyStart = fc
  .tuple(
    fc.constantFrom('2026-03-28', '2026-10-24', '2026-10-03', '2026-04-04', '2026-07-01', '2027-03-13'),
    fc.integer({ min: 0, max: 2 * DAY_MS }),
  )
  .map(([day, ms]) => Date.parse(`${day}T00:00:00Z`) + ms)

const anyZone = fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Asia/Kolkata')

describe('any schedule of a time of day, in any zone, on any day', () => {
  it('fires once for each local time that exists, at its first occurrence, and once after a gap', () => {
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

/** Looks at every minute: the first after `after` that is wanted and has not been, or ends a gap with it inside. */
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
