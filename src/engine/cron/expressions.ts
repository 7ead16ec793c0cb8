/**
 * Checks cron expressions, and computes next times. Croner parses the expression and finds the next local time. The
 * rules of the zone are applied here, because croner runs wildcards in both passes of a repeated hour and drops them in
 * a gap. Here every local time fires once: at its first occurrence, or at the end of the gap that it falls into.
 */

import { Cron } from 'croner'
import { toError, UsageError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import { endOfRepeat, instantOfLocalTime, isZone, localTimeAt } from './zones.ts'

/** Accepted nicknames of croner, in any case. */
const NICKNAMES = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'])

/** Throws `INVALID_CRON`, or `INVALID_TIMEZONE` unless the zone is an IANA name in its exact case. */
export function assertCron(expression: string, timezone: string): void {
  assertZone(timezone)
  parsedCron(expression)
}

/** Throws `INVALID_TIMEZONE` unless the zone is an IANA name in its exact case. */
export function assertZone(timezone: string): void {
  if (isZone(timezone)) return
  throw new UsageError(
    'INVALID_TIMEZONE',
    `Invalid timezone: ${timezone}. Use the name of an IANA time zone in its exact case, such as "Europe/Paris" ` +
      `or "UTC".`,
  )
}

/** Returns the first time after `after`. Throws `INVALID_TIMEZONE`, or `INVALID_CRON`, also if it never fires. */
export function nextRunAt(expression: string, timezone: string, after: number): number {
  assertCron(expression, timezone)
  const pattern = parsedCron(expression)
  const at = nextMatch(pattern, timezone, localTimeAt(timezone, after))
  if (at !== null && at > after) return at
  // `after` is in the second pass of a repeated hour, whose local times have fired in the first.
  const later = at === null ? null : nextMatch(pattern, timezone, endOfRepeat(timezone, at, after) - 1)
  if (later !== null) return later
  throw new UsageError(
    'INVALID_CRON',
    `Failed to calculate next execution: the cron expression "${expression}" never fires in ${timezone}.`,
  )
}

/** Returns why a schedule never fires, or null if it does. Expressions have no years, so the time does not matter. */
export function scheduleProblem({ expression, timezone }: { expression: string; timezone: string }): string | null {
  try {
    nextRunAt(expression, timezone, 0)
    return null
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown.message
    throw thrown
  }
}

function nextMatch(pattern: Cron, timezone: string, localTime: number): number | null {
  const next = pattern.nextRun(new Date(localTime))
  return next === null ? null : instantOfLocalTime(timezone, next.getTime())
}

const patterns = new Map<string, Cron>()
const MAX_PATTERNS = 1_000

/** Returns the parsed expression, for local times. Throws `INVALID_CRON`. */
export function parsedCron(expression: string): Cron {
  const known = patterns.get(expression)
  if (known !== undefined) return known
  const problem = dialectProblem(expression)
  if (problem !== null) throw invalidCron(problem)
  let pattern: Cron
  try {
    pattern = new Cron(expression.replaceAll('?', '*'), { timezone: 'Etc/UTC', mode: '5-or-6-parts', paused: true })
  } catch (thrown) {
    throw invalidCron(asWritten(toError(thrown).message.replace(/^CronPattern: |\.$/g, '')))
  }
  if (patterns.size >= MAX_PATTERNS) patterns.clear()
  patterns.set(expression, pattern)
  return pattern
}

/** Corrects months in messages of croner, which counts them from 0. */
function asWritten(message: string): string {
  return message.replace(/(?<=^Invalid value for month: )-?\d+$/, (month) => String(Number(month) + 1))
}

/** Returns a problem that croner would accept, or null. */
function dialectProblem(expression: string): string | null {
  const text = expression.trim()
  if (text === '') return 'the expression is empty'
  if (text.startsWith('@')) {
    return NICKNAMES.has(text.toLowerCase()) ? null : `"${text}" is not one of ${[...NICKNAMES].join(', ')}`
  }
  return text.includes('+') ? `the character "+" is not supported: "${text}"` : null
}

function invalidCron(reason: string): UsageError {
  return new UsageError('INVALID_CRON', `Invalid cron expression or timezone: Cron parsing error: ${reason}.`)
}

/** Returns why a cron trigger never fires, or null if it does. Other schedules are checked when they are created. */
export function cronProblem(row: CronRow): string | null {
  return row.triggerName === null || row.nextRunAt !== null ? null : scheduleProblem(row)
}
