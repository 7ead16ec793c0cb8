/** The SQL of the polls of a trigger over time. Each statement reads a limited number of rows. */

import type { Fragments } from '../sql-fragments.ts'
import { openSkips, TICK_COLUMNS } from '../trigger-sql.ts'

const SEQ = '(SELECT seq FROM triggers WHERE name = $1)'

export const OPEN_RUN = `
SELECT seq, skip_count AS count, skip_first_at AS first_at, skip_last_at AS last_at FROM triggers WHERE name = $1`

export const OPEN_TICK = openSkips(
  'name = $1 AND skip_tick_id = $2',
  ', skip_log AS log, NULL AS before, NULL AS after',
)

/** Values: the trigger, the id, a time until which the poll lasted, because the ids have no index. */
export const FIND_TICK = `
SELECT ${TICK_COLUMNS}, log, state_before AS before, state_after AS after FROM ticks
WHERE trigger_seq = ${SEQ} AND (last_at, seq) = (
  SELECT last_at, seq FROM (
    SELECT id, last_at, seq FROM ticks WHERE trigger_seq = ${SEQ} AND last_at >= $3 ORDER BY last_at, seq LIMIT 1000
  ) near WHERE id = $2 LIMIT 1)`

/** Number of ticks in a period, up to a limit. Values: the name of the trigger, the period, the limit. */
export const COUNT_TICKS = `
SELECT count(*) AS count FROM (
  SELECT 1 FROM ticks WHERE trigger_seq = ${SEQ} AND last_at >= $2 AND last_at < $3 LIMIT $4
) seen`

// -- all bars of a period. Values: `seq` of the trigger, the period, its length, the number of bars.

/** SQLite plans a statement with values in its groups again at each run (90 against 4 µs). */
const ASKED = `
WITH asked (asked_seq, since_at, until_at, length, bars) AS (
  SELECT CAST($1 AS bigint), CAST($2 AS bigint), CAST($3 AS bigint), CAST($4 AS bigint), CAST($5 AS bigint))`
const IN_PERIOD =
  'FROM asked CROSS JOIN ticks WHERE trigger_seq = asked_seq AND last_at >= since_at AND last_at < until_at'
/** Number of the bar, from 0, of a time: the last bar whose edge, rounded down, is not after the time. */
const barOf = (column: string) => `((${column} - since_at + 1) * bars - 1) / length`
const BEGAN_IN_SAME_BAR = `(first_at >= since_at AND ${barOf('first_at')} = ${barOf('last_at')})`

export const TICKS_BY_BAR = `${ASKED}
SELECT ${barOf('last_at')} AS bar, outcome, count(*) AS count, max(last_at) AS last_at
${IN_PERIOD} AND outcome <> 'skipped' GROUP BY bar, outcome`

export const SKIPS_BY_BAR = `${ASKED}
SELECT ${barOf('last_at')} AS bar, count(*) AS runs, CAST(sum(count) AS bigint) AS count, max(last_at) AS last_at
${IN_PERIOD} AND outcome = 'skipped' AND ${BEGAN_IN_SAME_BAR} GROUP BY bar`

/** Runs of skips that reach over an edge, in the order of their ends. */
export const SKIPS_OVER_EDGES = `${ASKED}
SELECT first_at, last_at, count
${IN_PERIOD} AND outcome = 'skipped' AND NOT ${BEGAN_IN_SAME_BAR} ORDER BY last_at`

export function activitySql({ forRows, isEach }: Fragments) {
  const newest = (condition: string) =>
    forRows(
      'name text',
      ([name]) => `
SELECT ${TICK_COLUMNS} FROM ticks WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = ${name}) ${condition}
ORDER BY last_at DESC, seq DESC LIMIT 1`,
    )
  return {
    /** The last ticks of triggers. Value of each row: the name. */
    openTicks: openSkips(isEach('name', '$1', 'text'), ', name'),
    newestTicks: newest(''),
    newestFiredTicks: newest("AND outcome = 'fired'"),
    /** The oldest ticks of an outcome in a bar, up to a limit. Values: those of the row, the trigger, the limit. */
    countOfOutcomes: forRows(
      'bar bigint, outcome text, since_at bigint, until_at bigint',
      ([, outcome, sinceAt, untilAt]) => `
SELECT count(*) AS count, max(last_at) AS last_at FROM (
  SELECT last_at FROM ticks
  WHERE trigger_seq = $5 AND outcome = ${outcome} AND last_at >= ${sinceAt} AND last_at < ${untilAt}
  ORDER BY last_at LIMIT $6
) seen`,
    ),
    /** The oldest runs of skips that began and ended in a bar, up to a limit. Values: as above. */
    countOfSkips: forRows(
      'bar bigint, since_at bigint, until_at bigint',
      ([, sinceAt, untilAt]) => `
SELECT count(*) AS runs, CAST(coalesce(sum(count), 0) AS bigint) AS count, max(last_at) AS last_at FROM (
  SELECT count, first_at, last_at FROM ticks
  WHERE trigger_seq = $4 AND outcome = 'skipped' AND last_at >= ${sinceAt} AND last_at < ${untilAt}
  ORDER BY last_at LIMIT $5
) seen WHERE first_at >= ${sinceAt}`,
    ),
    /** The run of skips that ended at an edge or later. Values: those of the row, the trigger. */
    skipsAcross: forRows(
      'bar bigint, edge_at bigint',
      ([, edgeAt]) => `
SELECT first_at, last_at, count FROM ticks
WHERE trigger_seq = $3 AND outcome = 'skipped' AND last_at >= ${edgeAt} ORDER BY last_at LIMIT 1`,
    ),
  }
}
