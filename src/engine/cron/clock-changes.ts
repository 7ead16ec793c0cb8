/**
 * Warns of schedules that fire several times a day if a change of the clock, such as the beginning of daylight saving
 * time, affects one of these times. The times in a gap fire once, at its end, and nothing fires in the second pass of
 * an hour.
 */

import type { Cron } from 'croner'
import { UsageError } from '../../errors.ts'
import { parsedCron } from './expressions.ts'
import { isZone, localTimeAt, timeOfOffset } from './zones.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
const DAYS = 366

/** Local times that the clock skips or repeats, in the form of `zones.ts`. */
interface ClockChange {
  readonly kind: 'skips' | 'repeats'
  readonly from: number
  readonly to: number
}

/** Returns null if no change within a year after `now` affects the schedule, or if it is invalid. */
export function clockChangeWarning(
  { expression, timezone }: { readonly expression: string; readonly timezone: string },
  now: number,
): string | null {
  if (!isZone(timezone)) return null
  const pattern = validPattern(expression)
  if (pattern === null) return null
  const changes = clockChanges(timezone, now).filter((change) => isAffected(pattern, change))
  if (changes.length === 0) return null
  return (
    `Not every hour is the same in ${timezone}: ${changes.map(effectText).join('; ')}. ` +
    'If the workflow must run in each hour, use timezone="UTC" or a polled trigger.'
  )
}

function validPattern(expression: string): Cron | null {
  try {
    return parsedCron(expression)
  } catch (thrown) {
    if (thrown instanceof UsageError) return null
    throw thrown
  }
}

function clockChanges(zone: string, now: number): readonly ClockChange[] {
  const changes: ClockChange[] = []
  let before = offsetAt(zone, now)
  for (let day = 1; day <= DAYS; day++) {
    const until = now + day * DAY_MS
    const after = offsetAt(zone, until)
    if (after !== before) {
      const at = timeOfOffset(zone, until - DAY_MS, until)
      const [from, to] = [at + Math.min(before, after), at + Math.max(before, after)]
      changes.push({ kind: after > before ? 'skips' : 'repeats', from, to })
    }
    before = after
  }
  return changes
}

function offsetAt(zone: string, at: number): number {
  return localTimeAt(zone, at) - at
}

function isAffected(pattern: Cron, { from, to }: ClockChange): boolean {
  if (timesIn(pattern, from, to) === 0) return false
  const day = Math.floor(from / DAY_MS) * DAY_MS
  return timesIn(pattern, day, day + DAY_MS) > 1
}

/** Returns the number of times from `from` until before `to`, but at most 2. */
function timesIn(pattern: Cron, from: number, to: number): number {
  const first = pattern.nextRun(new Date(from - SECOND_MS))
  if (first === null || first.getTime() >= to) return 0
  const second = pattern.nextRun(first)
  return second === null || second.getTime() >= to ? 1 : 2
}

function effectText({ kind, from, to }: ClockChange): string {
  const times = `${clockText(from)} to ${clockText(to)} on ${new Date(from).toISOString().slice(0, 10)}`
  return kind === 'skips'
    ? `the clock skips ${times}, and the times in this gap fire once, at its end`
    : `the clock repeats ${times}, and nothing fires in the second pass`
}

function clockText(localTime: number): string {
  return new Date(localTime).toISOString().slice(11, 16)
}
