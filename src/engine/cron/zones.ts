/**
 * Time zones: checks names, and converts between local times and times. A local time is written as the epoch
 * milliseconds that it would have in UTC.
 */

import { ZONE_NAMES } from './zone-names.ts'

/** Returns whether a name is in the IANA database (Intl also accepts abbreviations, `+01:00`, any case) and in Node. */
export function isZone(name: string): boolean {
  return ZONE_NAMES.has(name) && hasRules(name)
}

/** Returns whether this Node has the zone, which may be newer than this Node. */
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

export function localTimeAt(zone: string, at: number): number {
  return at + offsetMsAt(zone, at)
}

/** Returns the time of a local time: the first one if it is repeated, the first after the gap if it is skipped. */
export function instantOfLocalTime(zone: string, localTime: number): number {
  const before = localTime - offsetMsAt(zone, localTime - DAY_MS)
  const after = localTime - offsetMsAt(zone, localTime + DAY_MS)
  const [earlier, later] = before < after ? [before, after] : [after, before]
  if (localTimeAt(zone, earlier) === localTime) return earlier
  if (localTimeAt(zone, later) === localTime) return later
  return timeOfOffset(zone, earlier, later)
}

/** Returns the first local time after the repeated ones. `first`, `second`: times in the first and second pass. */
export function endOfRepeat(zone: string, first: number, second: number): number {
  return timeOfOffset(zone, first, second) + offsetMsAt(zone, first)
}

/** Returns the time in (`from`, `to`] at which the zone gets the offset of `to`. Changes happen at whole minutes. */
export function timeOfOffset(zone: string, from: number, to: number): number {
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
