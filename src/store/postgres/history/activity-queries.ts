/** The SQL of what the polls of triggers came to, over a time. Each text is one statement; each looks at a bounded number of rows. */

/** By bar, counted from 1, and outcome; of each the oldest, and so many at most. */
export const TICKS_OF_OUTCOMES = `
SELECT g.bar, o.outcome, count(*) AS count, max(found.last_at) AS last_at
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS g (since_at, until_at, bar)
CROSS JOIN unnest($4::text[]) AS o (outcome) CROSS JOIN LATERAL (
  SELECT last_at FROM ticks
  WHERE trigger_seq = $1 AND outcome = o.outcome AND last_at >= g.since_at AND last_at < g.until_at
  ORDER BY last_at LIMIT $5
) found GROUP BY g.bar, o.outcome`

/** Runs of skips that began and ended in a bar. */
export const SKIPS_BETWEEN = `
SELECT g.bar, count(*) AS runs, sum(found.count)::bigint AS count, max(found.last_at) AS last_at
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS g (since_at, until_at, bar) CROSS JOIN LATERAL (
  SELECT count, first_at, last_at FROM ticks
  WHERE trigger_seq = $1 AND outcome = 'skipped' AND last_at >= g.since_at AND last_at < g.until_at
  ORDER BY last_at LIMIT $4
) found WHERE found.first_at >= g.since_at GROUP BY g.bar`

/** By edge, counted from 1: the run of skips that ended there or later; it may have begun before. */
export const SKIPS_ACROSS = `
SELECT g.bar, found.first_at, found.last_at, found.count
FROM unnest($2::bigint[]) WITH ORDINALITY AS g (edge_at, bar) CROSS JOIN LATERAL (
  SELECT first_at, last_at, count FROM ticks
  WHERE trigger_seq = $1 AND outcome = 'skipped' AND last_at >= g.edge_at ORDER BY last_at LIMIT 1
) found`

export const OPEN_RUN = `
SELECT seq, skip_count AS count, skip_first_at AS first_at, skip_last_at AS last_at FROM triggers WHERE name = $1`

const COLUMNS =
  'found.seq, found.id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, has_log'

const OPEN = `
SELECT 0::bigint AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_first_at AS first_at, skip_last_at AS last_at,
       skip_count AS count, skip_lateness_ms AS lateness_ms, skip_duration_ms AS duration_ms, skip_reason AS reason,
       NULL AS firing_id, NULL AS execution_id, NULL AS error, skip_log IS NOT NULL AS has_log, skip_log AS log`

const CLOSED = `
SELECT t.seq, t.id, t.outcome, t.first_at, t.last_at, t.count, t.lateness_ms, t.duration_ms, t.reason, t.firing_id,
       t.execution_id, t.error, t.log IS NOT NULL AS has_log, t.log
FROM ticks t`

/** Of each trigger: the open run of skips, the newest that has ended, and the newest that has fired, in this order. */
export const LAST_TICKS = `
SELECT g.name AS "trigger", ${COLUMNS} FROM triggers g CROSS JOIN LATERAL (
  (SELECT 1 AS place, o.* FROM (${OPEN} WHERE g.skip_count > 0) o)
  UNION ALL (SELECT 2, c.* FROM (${CLOSED} WHERE t.trigger_seq = g.seq ORDER BY t.last_at DESC, t.seq DESC LIMIT 1) c)
  UNION ALL (SELECT 3, c.* FROM (
    ${CLOSED} WHERE t.trigger_seq = g.seq AND t.outcome = 'fired' ORDER BY t.last_at DESC, t.seq DESC LIMIT 1) c)
) found WHERE g.name = ANY ($1::text[]) ORDER BY g.name, found.place`

/** By an instant up to which it lasted: ids alone have no index. */
export const FIND_TICK_WITH_LOG = `
SELECT ${COLUMNS}, log FROM (
  (${OPEN} FROM triggers WHERE name = $1 AND skip_count > 0 AND skip_tick_id = $2)
  UNION ALL (SELECT * FROM (
    ${CLOSED} WHERE t.trigger_seq = (SELECT seq FROM triggers WHERE name = $1) AND t.last_at >= $3
    ORDER BY t.last_at, t.seq LIMIT 1000) near WHERE near.id = $2)
) found LIMIT 1`
