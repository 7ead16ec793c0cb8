/** The range of a backfill or refire, as users write it. */

import { UsageError } from '../../errors.ts'
import { formatValue } from '../../model/arguments.ts'
import { formatInstant, isDate, parseInstant } from '../../model/time/instant.ts'
import { instantOfLocalTime } from '../cron/zones.ts'

/** `from` is in the range, and `to` is not. A date is the start of the day. A number is in milliseconds since 1970. */
export interface TimeRange {
  readonly from: string | number
  readonly to: string | number
}

/** The years 0 to 9999, as in RFC 3339. */
const [MIN_TIME_MS, MAX_TIME_MS] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})(?:[Tt ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?))?$/

/** Dates and local times are in the zone. Throws `INVALID_ARGUMENT`, also if the range is empty or in the future. */
export function checkedRange({ from, to }: TimeRange, zone: string, now: number): { fromAt: number; toAt: number } {
  const [fromAt, toAt] = [rangeTime(from, 'from', zone), rangeTime(to, 'to', zone)]
  if (toAt > now) throw refused('to', `must not be in the future, but ${formatInstant(toAt)} was given`)
  if (fromAt < toAt) return { fromAt, toAt }
  throw refused('from', `must be before "to", but ${formatInstant(fromAt)} is not before ${formatInstant(toAt)}`)
}

function rangeTime(given: unknown, name: 'from' | 'to', zone: string): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= MIN_TIME_MS && given <= MAX_TIME_MS) return given
  const at = typeof given === 'string' ? parsedTime(given.trim(), zone) : null
  if (at !== null) return at
  const forms = 'a date such as 2026-06-01, a local time such as 2026-06-01T08:00, or 2026-06-01T08:00:00Z'
  throw refused(name, `must be ${forms}, but ${formatValue(given)} was given`)
}

function parsedTime(text: string, zone: string): number | null {
  const [, date = '', time = '00:00'] = LOCAL_TIME.exec(text) ?? []
  if (date === '') return parseInstant(text.replace(/ (?=[+-]\d{2}:\d{2}$)/, ''))
  return isDate(date) ? instantOfLocalTime(zone, Date.parse(`${date}T${time}Z`)) : null
}

function refused(name: 'from' | 'to', reason: string): UsageError {
  return new UsageError('INVALID_ARGUMENT', `"${name}" ${reason}.`, { path: name })
}
