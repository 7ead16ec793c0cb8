/** The SQL of what the polls of triggers came to, over a time. Each text is one statement; each looks at a bounded number of rows. */

import { TICK_COLUMNS } from '../../sql/triggers.ts'

/** Of one outcome between two instants, the oldest first, and so many at most; through the index alone. */
export const TICKS_OF_OUTCOME = `
SELECT count(*) AS count, max(last_at) AS last_at FROM (
  SELECT last_at FROM ticks
  WHERE trigger_seq = ? AND outcome = ? AND last_at >= ? AND last_at < ? ORDER BY last_at LIMIT ?)`

/** Runs of skips that began and ended between two instants. */
export const SKIPS_BETWEEN = `
SELECT count(*) AS runs, coalesce(sum(count), 0) AS count, max(last_at) AS last_at FROM (
  SELECT count, first_at, last_at FROM ticks
  WHERE trigger_seq = ? AND outcome = 'skipped' AND last_at >= ? AND last_at < ? ORDER BY last_at LIMIT ?)
WHERE first_at >= ?`

/** The run of skips that ended at an instant or later: it may have begun before. */
export const SKIPS_ACROSS = `
SELECT first_at, last_at, count FROM ticks
WHERE trigger_seq = ? AND outcome = 'skipped' AND last_at >= ? ORDER BY last_at LIMIT 1`

/** Parameters: the trigger, sinceAt, untilAt, bars, untilAt - sinceAt. */
const OF_BARS = `
WITH asked (trigger_seq, since_at, until_at, bars, span) AS (
  SELECT ?, CAST(? AS INTEGER), CAST(? AS INTEGER), CAST(? AS INTEGER), CAST(? AS INTEGER))`
const ASKED_TICKS = `
FROM asked CROSS JOIN ticks
WHERE ticks.trigger_seq = asked.trigger_seq AND last_at >= since_at AND last_at < until_at`
/** Number of the bar, from 0, that a time falls into: the largest one whose edge, rounded down, is not after it. */
const barOfTime = (column: string) => `((${column} - since_at + 1) * bars - 1) / span`
const BEGAN_IN_SAME_BAR = `(first_at >= since_at AND ${barOfTime('first_at')} = ${barOfTime('last_at')})`

/** Number of the ticks in all bars, up to a limit. */
export const COUNT_TICKS = `${OF_BARS} SELECT count(*) AS count FROM (SELECT 1 ${ASKED_TICKS} LIMIT ?)`

/** Ticks without skips, by bar and outcome. */
export const TICKS_BY_BAR = `${OF_BARS}
SELECT ${barOfTime('last_at')} AS bar, outcome, count(*) AS count, max(last_at) AS last_at
${ASKED_TICKS} AND outcome <> 'skipped' GROUP BY bar, outcome`

/** Runs of skips that began and ended in a bar, by bar. */
export const SKIPS_BY_BAR = `${OF_BARS}
SELECT ${barOfTime('last_at')} AS bar, count(*) AS runs, sum(count) AS count, max(last_at) AS last_at
${ASKED_TICKS} AND outcome = 'skipped' AND ${BEGAN_IN_SAME_BAR} GROUP BY bar`

/** Runs of skips that reach over an edge, in the order of their ends. */
export const SKIPS_OVER_EDGES = `${OF_BARS}
SELECT first_at, last_at, count
${ASKED_TICKS} AND outcome = 'skipped' AND NOT ${BEGAN_IN_SAME_BAR} ORDER BY last_at`

export const OPEN_RUN = `
SELECT seq, skip_tick_id AS id, skip_count AS count, skip_first_at AS first_at, skip_last_at AS last_at, skip_log AS log
FROM triggers WHERE name = ?`

export const LAST_TICK = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = ? ORDER BY last_at DESC, seq DESC LIMIT 1`

export const LAST_FIRED_TICK = `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = ? AND outcome = 'fired' ORDER BY last_at DESC, seq DESC LIMIT 1`

/** By a time until which the poll lasted, because the ids have no index. */
export const FIND_TICK_WITH_LOG = `
SELECT ${TICK_COLUMNS}, log FROM ticks
WHERE seq IN (SELECT seq FROM ticks WHERE trigger_seq = ? AND last_at >= ? ORDER BY last_at, seq LIMIT 1000) AND id = ?`
