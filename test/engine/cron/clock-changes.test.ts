/** Warnings about schedules that a change of the clock affects. */

import { describe, expect, it } from 'vitest'
import { clockChangeWarning } from '../../../src/engine/cron/clock-changes.ts'

const SUMMER = Date.parse('2026-07-01T00:00:00Z')
const warningOf = (expression: string, timezone = 'Europe/Berlin') =>
  clockChangeWarning({ expression, timezone }, SUMMER)

describe('the warning about a schedule', () => {
  it('names both changes of the next year, their effects and the remedies', () => {
    expect(warningOf('*/15 * * * *')).toBe(
      'Not every hour is the same in Europe/Berlin: the clock repeats 02:00 to 03:00 on 2026-10-25, and nothing ' +
        'fires in the second pass; the clock skips 02:00 to 03:00 on 2027-03-28, and the times in this gap fire ' +
        'once, at its end. If the workflow must run in each hour, use timezone="UTC" or a polled trigger.',
    )
  })

  it('depends on the hours at which the clock changes', () => {
    expect(warningOf('30 2,14 * * *')).toContain('02:00 to 03:00')
    expect(warningOf('0 9,17 * * *')).toBeNull()
    expect(warningOf('@hourly', 'America/Havana')).toContain('the clock skips 00:00 to 01:00 on 2027-03-14')
    expect(warningOf('0 0,12 * * *', 'Australia/Lord_Howe')).toBeNull()
    expect(warningOf('*/10 * * * *', 'Australia/Lord_Howe')).toContain('the clock skips 02:00 to 02:30 on 2026-10-04')
  })

  it('is missing for one time a day, for a zone without changes, and for an invalid schedule', () => {
    for (const [expression, zone] of [
      ['30 2 * * *', 'Europe/Berlin'],
      ['*/15 * * * *', 'UTC'],
      ['*/15 * * * *', 'Asia/Tokyo'],
      ['*/15 * * * *', 'Mars/Olympus'],
      ['61 * * * *', 'Europe/Berlin'],
      ['0 0 31 2 *', 'Europe/Berlin'],
    ] as const) {
      expect(warningOf(expression, zone), `${expression} ${zone}`).toBeNull()
    }
  })
})
