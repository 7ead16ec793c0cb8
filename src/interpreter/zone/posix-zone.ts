/**
 * Time zones whose rules are in `TZ` itself, in the form of POSIX: `IST-5:30`, `CET-1CEST,M3.5.0,M10.5.0/3`. Any other
 * text has the meaning that the GNU C library gives it: mostly UTC, named by the letters at its beginning.
 */

const HOUR = 3_600
const DAY = 86_400

/** Yearly change between standard and daylight saving time, by the clock before the change. */
interface Change {
  /** `M`: the week of a month and its day; `J`: the day from 1, February 29 not counted; `D`: the day from 0. */
  readonly kind: 'M' | 'J' | 'D'
  readonly month: number
  readonly week: number
  readonly day: number
  /** Seconds since midnight; negative or over a day for other days. */
  readonly seconds: number
}

interface Half {
  readonly name: string
  /** Seconds east of UTC. */
  readonly offset: number
  /** When it ends, by its own clock. */
  readonly end: Change
}

export interface PosixZone {
  readonly standard: Half
  readonly daylight: Half
}

const UNKNOWN: Change = { kind: 'D', month: 0, week: 0, day: 0, seconds: 0 }
/** Rules of the United States, for zones with daylight saving time and no rules. */
const DEFAULT_CHANGES: readonly [Change, Change] = [
  { kind: 'M', month: 3, week: 2, day: 0, seconds: 2 * HOUR },
  { kind: 'M', month: 11, week: 1, day: 0, seconds: 2 * HOUR },
]

const NAME = /([A-Za-z]{3,})|<([A-Za-z0-9+-]{3,})>/y
const OFFSET = /([+-]?)(\d{1,5})(?::(\d{1,5})(?::(\d{1,5}))?)?/y
const CHANGE =
  /,?(?:M(\d{1,5})\.(\d{1,5})\.(\d{1,5})|(J?)(\d{1,5}))(?:\/(-?)(\d{1,5})(?::(\d{1,5})(?::(\d{1,5}))?)?)?(?=,|$)/y

class Reader {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get isOver(): boolean {
    return this.#at === this.#text.length
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at = pattern.lastIndex
    return found
  }
}

export function parsePosixZone(text: string): PosixZone {
  const reader = new Reader(text)
  const name = takeName(reader)
  const offset = name === null ? null : takeOffset(reader)
  const standard: Half = { name: name ?? '', offset: offset ?? 0, end: UNKNOWN }
  if (offset === null || reader.isOver) return { standard, daylight: standard }
  const summer = takeName(reader)
  const summerOffset = summer === null ? 0 : (takeOffset(reader) ?? standard.offset + HOUR)
  const start = takeChange(reader, DEFAULT_CHANGES[0])
  const end = start === null ? null : takeChange(reader, DEFAULT_CHANGES[1])
  return {
    standard: { ...standard, end: start ?? UNKNOWN },
    daylight: { name: summer ?? '', offset: summerOffset, end: end ?? UNKNOWN },
  }
}

function takeName(reader: Reader): string | null {
  const found = reader.take(NAME)
  return found === null ? null : (found[1] ?? found[2] ?? '')
}

function takeOffset(reader: Reader): number | null {
  const found = reader.take(OFFSET)
  if (found === null) return null
  const [, sign, hours, minutes, seconds] = found
  const west = Math.min(Number(hours), 24) * HOUR + atMost59(minutes) * 60 + atMost59(seconds)
  return sign === '-' ? west : 0 - west
}

function atMost59(digits: string | undefined): number {
  return Math.min(Number(digits ?? 0), 59)
}

function takeChange(reader: Reader, otherwise: Change): Change | null {
  if (reader.isOver) return otherwise
  const found = reader.take(CHANGE)
  if (found === null) return null
  const [, month, week, weekday, julian, day, sign, hours, minutes, seconds] = found
  const time = Number(hours ?? 2) * HOUR + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  const at = { seconds: sign === '-' ? -time : time }
  if (month === undefined) {
    return { ...at, kind: julian === 'J' ? 'J' : 'D', month: 0, week: 0, day: Number(day) }
  }
  const change: Change = { ...at, kind: 'M', month: Number(month), week: Number(week), day: Number(weekday) }
  const isPossible = change.month >= 1 && change.month <= 12 && change.week >= 1 && change.week <= 5 && change.day <= 6
  return isPossible ? change : null
}

/** Returns whether daylight saving time applies at a time, in seconds since 1970. */
export function isDaylight({ standard, daylight }: PosixZone, instant: number): boolean {
  if (daylight === standard) return false
  const year = new Date(instant * 1000).getUTCFullYear()
  const start = secondsOf(standard.end, year) - standard.offset
  const end = secondsOf(daylight.end, year) - daylight.offset
  return start > end ? instant < end || instant >= start : instant >= start && instant < end
}

export function zoneHalfAt(zone: PosixZone, instant: number): Half {
  return isDaylight(zone, instant) ? zone.daylight : zone.standard
}

/**
 * Returns the time at which a clock of the zone shows a local time, given in seconds as if it were UTC. `daylight`:
 * negative if the caller does not know whether daylight saving time applies; then a local time that occurs twice is the
 * second one, and one that is skipped is counted from the time before the change.
 */
export function instantInZone(zone: PosixZone, local: number, daylight: number): number {
  const { standard } = zone
  const summerOffset = zone.daylight === standard ? standard.offset + HOUR : zone.daylight.offset
  if (daylight !== 0) {
    const inSummer = local - summerOffset
    if (daylight > 0) return inSummer
    if (isDaylight(zone, inSummer) && isDaylight(zone, local - standard.offset)) return inSummer
  }
  return local - standard.offset
}

/** Seconds since 1970 at which the clock that is changed shows the time of a change. */
function secondsOf({ kind, month, week, day, seconds }: Change, year: number): number {
  if (kind !== 'M') {
    const isAfterLeapDay = kind === 'J' && day >= 60 && daysOf(year, 2) === 29
    return dayOf(year, 1, 1) + (kind === 'J' ? day - 1 + Number(isAfterLeapDay) : day) * DAY + seconds
  }
  const first = dayOf(year, month, 1)
  const weekdayOfFirst = new Date(first * 1000).getUTCDay()
  let date = ((day - weekdayOfFirst + 7) % 7) + (week - 1) * 7
  if (date >= daysOf(year, month)) date -= 7
  return first + date * DAY + seconds
}

function daysOf(year: number, month: number): number {
  return (dayOf(year, month + 1, 1) - dayOf(year, month, 1)) / DAY
}

/** Seconds since 1970 at the beginning of a day in UTC. */
function dayOf(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / 1000
}
