/** The SQL of the attempts' logs. Each text is one statement, named after what the store wants done. */

import { seqOf } from '../executions/execution-queries.ts'

const LOG_END = 'coalesce((SELECT max(piece) FROM attempt_logs WHERE execution_seq = seq), 0) AS piece'

/**
 * Where the logs of executions stand: their `seq`, and the last piece, 0 for none. Held, so that two writers number one after the other. Those
 * that the first does not find have ended, perhaps while it waited.
 */
export const LOG_ENDS = [
  `SELECT id, seq, ${LOG_END} FROM (
     SELECT id, execution_seq AS seq FROM active_executions WHERE id = ANY ($1::text[]) ORDER BY execution_seq FOR NO KEY UPDATE
   ) held`,
  `SELECT id, seq, ${LOG_END} FROM executions WHERE id = ANY ($1::text[]) ORDER BY seq FOR NO KEY UPDATE`,
] as const

/** Values: a list for each column, as in the next two. */
export const INSERT_PIECES = `
INSERT INTO attempt_logs (execution_seq, piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])`

export const SET_CUTS = `
UPDATE attempt_logs l SET cut_records = g.cut_records, cut_bytes = g.cut_bytes
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS g (execution_seq, piece, cut_records, cut_bytes)
WHERE l.execution_seq = g.execution_seq AND l.piece = g.piece AND l.execution_seq = ANY ($1::bigint[])`

export const DELETE_PIECES = `
DELETE FROM attempt_logs l USING unnest($1::bigint[], $2::bigint[]) AS g (execution_seq, piece)
WHERE l.execution_seq = g.execution_seq AND l.piece = g.piece AND l.execution_seq = ANY ($1::bigint[])`

export const LIST_PIECES = `
SELECT piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text FROM attempt_logs
WHERE execution_seq = ${seqOf('$1')} AND piece > $2
  AND ($3::text IS NULL OR task_id = $3) AND ($4::int IS NULL OR attempt = $4)
ORDER BY piece LIMIT $5`

/** The last ones, the last first. */
export const LIST_LAST_PIECES = LIST_PIECES.replace('piece > $2', 'piece < $2').replace(
  'ORDER BY piece',
  'ORDER BY piece DESC',
)

/** That of the open run of skips first: it is the newest. */
export const LIST_TICK_LOGS = `
SELECT id, outcome, at, text FROM (
  (SELECT true AS is_open, 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_last_at AS at, skip_log AS text
   FROM triggers WHERE name = $1 AND skip_count > 0 AND skip_log IS NOT NULL AND starts_with(skip_tick_id, $4))
  UNION ALL
  (SELECT false, seq, id, outcome, last_at, log FROM ticks
   WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = $1) AND log IS NOT NULL AND starts_with(id, $4)
   ORDER BY seq DESC LIMIT $2::bigint + $3::bigint)
) shown ORDER BY is_open DESC, seq DESC LIMIT $2 OFFSET $3`
