/** The SQL of the logs of attempts and of ticks. */

import { withNames } from '../named.ts'
import type { Fragments } from '../sql-fragments.ts'
import { selectSeq } from './execution-history-sql.ts'

/** Values: the execution, the piece, the number of cut records and bytes. */
export const SET_CUT = `
UPDATE attempt_logs SET cut_records = $3, cut_bytes = $4 WHERE execution_seq = $1 AND piece = $2`

const listPieces = (place: string, order: string): string => `
SELECT ${withNames('piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text')} FROM attempt_logs
WHERE execution_seq = ${selectSeq('$1')} AND piece ${place} $2
  AND (CAST($3 AS text) IS NULL OR task_id = $3) AND (CAST($4 AS integer) IS NULL OR attempt = $4)
ORDER BY piece ${order} LIMIT $5`

/** Values: the execution, a piece, the task or null, the attempt or null, the limit. */
export const LIST_PIECES = listPieces('>', 'ASC')

export const LIST_LAST_PIECES = listPieces('<', 'DESC')

/** Values: the trigger, the beginning of the id of the tick. */
export const OPEN_TICK_LOG = `
SELECT skip_tick_id AS "tickId", 'skipped' AS outcome, skip_last_at AS at, skip_log AS text FROM triggers
WHERE name = $1 AND skip_count > 0 AND skip_log IS NOT NULL AND ${beginsWith('skip_tick_id', '$2')}`

/** Newest first, without the open run of skips. Values: as above, the limit, the offset. */
export const LIST_TICK_LOGS = `
SELECT id AS "tickId", outcome, last_at AS at, log AS text FROM ticks
WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = $1) AND log IS NOT NULL AND ${beginsWith('id', '$2')}
ORDER BY seq DESC LIMIT $3 OFFSET $4`

export function logSql({ insertRows, isEach, isIn, lock }: Fragments) {
  /** The `seq` of each execution and its last piece, or 0. Two writers of one execution number their pieces in turn. */
  const lockEnds = (table: string, seq: string) => `
SELECT id, seq, coalesce((SELECT max(piece) FROM attempt_logs WHERE execution_seq = locked.seq), 0) AS piece FROM (
  SELECT id, ${seq} AS seq FROM ${table} WHERE ${isEach('id', '$1', 'text')} ORDER BY ${seq} ${lock(table)}
) locked`
  return {
    lockActiveEnds: lockEnds('active_executions', 'execution_seq'),
    /** For executions that the statement above did not find: they have ended, perhaps while it waited for a lock. */
    lockEndedEnds: lockEnds('executions', 'seq'),
    insertPiece: insertRows(
      'attempt_logs',
      'execution_seq bigint, piece bigint, task_id text, attempt int, records bigint, bytes bigint, ' +
        'cut_records bigint, cut_bytes bigint, text text',
    ),
    /** Values: execution, pieces, task, attempt. In another file, other attempts may have these pieces. */
    deletePieces: `
DELETE FROM attempt_logs
WHERE execution_seq = $1 AND ${isIn('piece', '$2', 'bigint')} AND task_id = $3 AND attempt = $4`,
  }
}

function beginsWith(column: string, prefix: string): string {
  return `substr(${column}, 1, length(CAST(${prefix} AS text))) = ${prefix}`
}
