/** Cron expressions: syntax, time zones, and the hours around the start and end of summer time. */

import { describe, expect, it } from 'vitest'
import { assertCron, nextRunAt } from '../../../src/engine/cron/expressions.ts'
import { ZONE_NAMES } from '../../../src/engine/cron/zone-names.ts'
import { UsageError } from '../../../src/errors.ts'

/** Returns the next `count` times of a schedule in UTC, without the seconds if they are 0. */
function next(expression: string, timezone: string, after: string, count = 1): readonly string[] {
  const instants: string[] = []
  let at = Date.parse(after)
  for (let index = 0; index < count; index++) {
    at = nextRunAt(expression, timezone, at)
    instants.push(new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z'))
  }
  return instants
}

function refusal(run: () => void): UsageError {
  try {
    run()
  } catch (error) {
    if (error instanceof UsageError) return error
  }
  throw new Error('it was accepted')
}

describe('a cron expression', () => {
  it.each([
    ['* * * * *', '2026-01-15T10:01Z'],
    ['30 14 * * *', '2026-01-15T14:30Z'],
    ['15 30 14 * * *', '2026-01-15T14:30:15Z'],
    ['*/20 * * * * *', '2026-01-15T10:00:20Z'],
    ['0 9-17/4 * * *', '2026-01-15T13:00Z'],
    ['0,45 * * * *', '2026-01-15T10:45Z'],
    ['0 0 ? * MON', '2026-01-19T00:00Z'],
    ['0 0 1 jan,Feb *', '2026-02-01T00:00Z'],
    ['0 0 * * mon-fri', '2026-01-16T00:00Z'],
    ['0 0 * * 0', '2026-01-18T00:00Z'],
    ['0 0 * * 7', '2026-01-18T00:00Z'],
    ['0 0 L * *', '2026-01-31T00:00Z'],
    ['0 0 LW * *', '2026-01-30T00:00Z'],
    ['0 0 15W 2 *', '2026-02-16T00:00Z'],
    ['0 0 * * 5#2', '2026-02-13T00:00Z'],
    ['0 0 * * 5L', '2026-01-30T00:00Z'],
    ['0 0 * * FRI#L', '2026-01-30T00:00Z'],
    ['0 0 20 * FRI', '2026-01-16T00:00Z'],
    ['@yearly', '2027-01-01T00:00Z'],
    ['@annually', '2027-01-01T00:00Z'],
    ['@monthly', '2026-02-01T00:00Z'],
    ['@weekly', '2026-01-18T00:00Z'],
    ['@daily', '2026-01-16T00:00Z'],
    ['@Hourly', '2026-01-15T11:00Z'],
  ])('%s fires next at %s', (expression, at) => {
    expect(next(expression, 'UTC', '2026-01-15T10:00:00Z')).toEqual([at])
  })

  it('fires after the given time, never exactly at that time', () => {
    expect(next('0 10 * * *', 'UTC', '2026-01-15T10:00:00.000Z')).toEqual(['2026-01-16T10:00Z'])
    expect(next('0 10 * * *', 'UTC', '2026-01-15T09:59:59.999Z')).toEqual(['2026-01-15T10:00Z'])
  })

  it.each([
    '',
    '   ',
    '* * * *',
    '* * * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '0 0 0 * *',
    '0 0 32 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '0 22-4 * * *',
    '0 0 * * FRI-MON',
    '*/0 * * * *',
    '+5 * * * *',
    '0 0 1 * +MON',
    '0 0 * * 1#6',
    '@midnight',
    '@reboot',
    'hello',
  ])('rejects the expression %j', (expression) => {
    const error = refusal(() => assertCron(expression, 'UTC'))

    expect(error.code).toBe('INVALID_CRON')
    expect(error.message).toMatch(/^Invalid cron expression or timezone: Cron parsing error: .*[^.]\.$/)
  })

  it.each(['0 0 30 2 *', '0 0 31 4 *', '0 0 31 2,4,6,9,11 *'])('rejects %s, which never fires', (expression) => {
    const error = refusal(() => nextRunAt(expression, 'Europe/Paris', Date.parse('2026-01-01T00:00:00Z')))

    expect(error.code).toBe('INVALID_CRON')
    expect(error.message).toContain('Failed to calculate next execution')
  })

  it('fires on 29 February, two years after the given time', () => {
    expect(next('0 12 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2028-02-29T12:00Z', '2032-02-29T12:00Z'])
  })
})

it.each(['13', '0'])('names the invalid month %s in the error as it was written', (month) => {
  expect(refusal(() => assertCron(`0 0 1 ${month} *`, 'UTC')).message).toMatch(new RegExp(`month: ${month}\\.$`))
})

describe('a time zone', () => {
  it.each([
    'Europe/Paris',
    'UTC',
    'EST',
    'Etc/GMT+5',
    'GMT',
    'US/Eastern',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Europe/Kyiv',
  ])('accepts the zone %s', (zone) => {
    expect(() => assertCron('* * * * *', zone)).not.toThrow()
    expect(nextRunAt('* * * * *', zone, 0)).toBe(60_000)
  })

  it.each(['utc', 'GMT+1', '+01:00', '', 'europe/paris', 'Mars/Olympus', 'Europe/Paris '])('rejects %j', (zone) => {
    const error = refusal(() => assertCron('* * * * *', zone))

    expect(error.code).toBe('INVALID_TIMEZONE')
    expect(error.message).toContain(`Invalid timezone: ${zone}`)
  })

  it('rejects the zone "Factory", for which Node has no rules', () => {
    expect(ZONE_NAMES).toContain('Factory')
    expect(refusal(() => assertCron('* * * * *', 'Factory')).code).toBe('INVALID_TIMEZONE')
  })

  it('accepts every zone name that Node lists', () => {
    expect(Intl.supportedValuesOf('timeZone').filter((zone) => !ZONE_NAMES.has(zone))).toEqual([])
  })

  it('is used to convert the local time of a schedule to UTC', () => {
    expect(next('0 9 * * *', 'America/New_York', '2026-01-15T00:00:00Z')).toEqual(['2026-01-15T14:00Z'])
    expect(next('0 9 * * *', 'Asia/Kolkata', '2026-01-15T00:00:00Z')).toEqual(['2026-01-15T03:30Z'])
    expect(next('0 0 * * MON', 'Pacific/Auckland', '2026-01-15T00:00:00Z')).toEqual(['2026-01-18T11:00Z'])
  })
})

describe('the hour that the start of summer time skips (Paris, 29 March 2026, 02:00 to 03:00)', () => {
  it('fires a time in the skipped hour directly after the gap, on that day only', () => {
    expect(next('30 2 * * *', 'Europe/Paris', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ])
  })

  it('fires once for several times in the skipped hour', () => {
    expect(next('15,45 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:15Z',
    ])
  })

  it('does not move a time after the skipped hour', () => {
    expect(next('0 3 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T01:00Z',
    ])
  })

  it('fires an every-minute schedule in each minute before and after the gap', () => {
    expect(next('* * * * *', 'Europe/Paris', '2026-03-29T00:58:30Z', 3)).toEqual([
      '2026-03-29T00:59Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:01Z',
    ])
  })
})

describe('the hour that the end of summer time repeats (Paris, 25 October 2026, 02:00 to 03:00)', () => {
  it('fires a time in the repeated hour once, at its first occurrence', () => {
    expect(next('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ])
  })

  it('fires a schedule that is created between the two occurrences only on the next day', () => {
    expect(next('30 2 * * *', 'Europe/Paris', '2026-10-25T00:45:00Z')).toEqual(['2026-10-26T01:30Z'])
  })

  it('fires times before and after the repeated hour as on any other day', () => {
    expect(next('30 1 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z')).toEqual(['2026-10-24T23:30Z'])
    expect(next('0 3 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z')).toEqual(['2026-10-25T02:00Z'])
  })

  it('fires each local time once, so nothing fires during the repetition of the hour', () => {
    expect(next('*/30 * * * *', 'Europe/Paris', '2026-10-24T23:45:00Z', 4)).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
      '2026-10-25T02:00Z',
      '2026-10-25T02:30Z',
    ])
  })
})

describe('zones with unusual clock changes', () => {
  it('fires a time in a gap of half an hour directly after the gap (Lord Howe, 4 October 2026)', () => {
    expect(next('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z')).toEqual(['2026-10-03T15:30Z'])
  })

  it('fires a time on a skipped day directly after that day (Samoa, 30 December 2011)', () => {
    expect(next('0 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00:00Z')).toEqual(['2011-12-30T10:00Z'])
  })
})
