/** Texts and heights of the marks of executions. Pure, except for the zone in which times are shown. */

import type { RecentExecution } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'
import { hasEnded, STATE_WORDS, type State } from '../parts/states.tsx'
import { dateAndTime } from '../parts/zone.ts'

type Timed = Pick<RecentExecution, 'startedAt' | 'endedAt'>

/** Returns the duration of an ended execution or task in milliseconds, or null. */
function runDurationMs({ startedAt, endedAt }: Timed): number | null {
  return startedAt === null || endedAt === null ? null : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt))
}

/** `Completed, 1.4 s, created 2026-01-31 08:15:00` */
export function runInWords(run: RecentExecution): string {
  return `${timesInWords(run)}, created ${dateAndTime(Date.parse(run.createdAt))}`
}

/** `Completed, 1.4 s`, or `Running since 2026-01-31 08:15:00`. */
export function timesInWords({ status, ...times }: Timed & { readonly status: State }): string {
  const word = STATE_WORDS[status] ?? status
  const ms = runDurationMs(times)
  if (ms !== null) return `${word}, ${shownDuration(ms)}`
  return times.startedAt === null ? word : `${word} since ${dateAndTime(Date.parse(times.startedAt))}`
}

/** Height of the mark of the shortest execution, in per cent of the longest. */
const LEAST_SHARE = 22

/**
 * Returns the height of a mark in per cent. A failed execution has a full mark, so that its colour is not the only
 * difference. An execution that has not ended has a mark of medium height.
 */
export function markShare(run: RecentExecution, longestMs: number): number {
  if (run.status === 'Failed') return 100
  if (!hasEnded(run.status)) return 60
  return LEAST_SHARE + (90 - LEAST_SHARE) * Math.min(1, (runDurationMs(run) ?? 0) / Math.max(1, longestMs))
}

export function longestMs(runs: readonly Timed[]): number {
  return Math.max(0, ...runs.map((run) => runDurationMs(run) ?? 0))
}

/** Returns the duration of the longest completed execution, or of the longest one if none has completed. */
export function longestCompletedMs(runs: readonly RecentExecution[]): number {
  const completed = runs.filter(({ status }) => status === 'Completed')
  return longestMs(completed.length === 0 ? runs : completed)
}

/** Returns the height of a bar of durations in per cent. An execution that has not ended has a bar of medium height. */
export function durationShare(run: RecentExecution, longest: number): number {
  const ms = runDurationMs(run)
  return ms === null ? 50 : Math.max(4, (100 * ms) / Math.max(1, longest))
}
