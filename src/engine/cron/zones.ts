/**
 * Time zones: which names are accepted, and the step between a zone's local time and an instant. Pure.
 * A local time is written as the epoch milliseconds that it would have in UTC.
 */

import { ZONE_NAMES } from './zone-names.ts'

/**
 * Whether a name is one of the IANA database, in its exact case, whose rules this Node knows. Intl itself cannot tell: it
 * takes any case, abbreviations, and offsets such as `+01:00`.
 */
export function isZone(name: string): boolean {
  return ZONE_NAMES.has(name) && hasRules(name)
}

/** A Node that is older than the database lacks what is newest in it. */
function hasRules(zone: string): boolean {
  try {
    formatterOf(zone)
    return true
  } catch {
    return false
  }
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The local time of a zone at an instant. */
export function localTimeAt(zone: string, at: number): number {
  return at + offsetMsAt(zone, at)
}

/**
 * The instant of a local time. Where the clock goes back and a local time comes twice, the first of the two; where it
 * goes forward and the local time does not exist, the first instant after the gap.
 */
export function instantOf(zone: string, localTime: number): number {
  const before = localTime - offsetMsAt(zone, localTime - DAY_MS)
  const after = localTime - offsetMsAt(zone, localTime + DAY_MS)
  const [earlier, later] = before < after ? [before, after] : [after, before]
  if (localTimeAt(zone, earlier) === localTime) return earlier
  if (localTimeAt(zone, later) === localTime) return later
  return firstAfterChange(zone, earlier, later)
}

/**
 * Where a clock goes back, local times come twice: the first local time that does not. `first` is an instant of the first
 * pass, `second` one of the second.
 */
export function endOfRepeat(zone: string, first: number, second: number): number {
  return firstAfterChange(zone, first, second) + offsetMsAt(zone, first)
}

/** The instant in (`from`, `to`] at which the zone's offset becomes that of `to`. Changes happen at whole minutes. */
function firstAfterChange(zone: string, from: number, to: number): number {
  const newOffset = offsetMsAt(zone, to)
  let low = Math.floor(from / MINUTE_MS)
  let high = Math.ceil(to / MINUTE_MS)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMsAt(zone, middle * MINUTE_MS) === newOffset) high = middle
    else low = middle
  }
  return high * MINUTE_MS
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function offsetMsAt(zone: string, at: number): number {
  const instant = Math.floor(at / 1_000) * 1_000
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(instant)
      .map((part) => [part.type, Number(part.value)]),
  )
  const field = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const localTime = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return localTime - instant
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, formatter)
  }
  return formatter
}
