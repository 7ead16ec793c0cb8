/** The SQL that removes old events, firings and polls, the same for both databases. */

/** More than of other rows, because these are removed as ranges from the front. */
const MAX_ROWS_PER_STEP = 1_000

/**
 * A source or reactor that has old rows among its oldest, and the last of these. A row with the time of a wrong wall
 * clock is removed with the old rows after it, and does not keep them.
 */
const oldest = (owners: string, mark: string, table: string, owner: string, at: string) => `
SELECT seq, up_to FROM (
  SELECT ${owners}.seq, (
    SELECT max(sequence) FROM (
      SELECT sequence, ${at} AS at FROM ${table} WHERE ${owner} = ${owners}.seq
      ORDER BY sequence LIMIT ${MAX_ROWS_PER_STEP}
    ) first WHERE at < $1 AND sequence <= ${owners}.${mark}
  ) AS up_to
  FROM ${owners} WHERE ${mark} > 0
) oldest WHERE up_to IS NOT NULL LIMIT 1`

export const OLDEST_EVENTS = oldest('sources', 'done_sequence', 'source_events', 'source_seq', 'accepted_at')

export const DELETE_EVENTS = 'DELETE FROM source_events WHERE source_seq = $1 AND sequence <= $2'

export const OLDEST_FIRINGS = oldest('reactors', 'last_sequence', 'reactor_firings', 'reactor_seq', 'fired_at')

export const DELETE_FIRINGS = 'DELETE FROM reactor_firings WHERE reactor_seq = $1 AND sequence <= $2 RETURNING causes'

export const DELETE_CAUSES = 'DELETE FROM firing_causes WHERE source = $1 AND reactor_seq = $2 AND last_sequence <= $3'

export const DELETE_FIRING_EXECUTIONS = 'DELETE FROM firing_executions WHERE reactor_seq = $1 AND sequence <= $2'

export const PRUNE_POLLS = `
DELETE FROM source_polls WHERE seq IN (
  SELECT seq FROM source_polls WHERE outcome = $1 AND last_at < $2 ORDER BY last_at LIMIT ${MAX_ROWS_PER_STEP})`
