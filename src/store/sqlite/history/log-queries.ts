/** The SQL of the attempts' logs. Each text is one statement, named after what the store wants done. */

import { SEQ_OF } from '../executions/execution-queries.ts'

/** Where the log of an execution stands: its `seq`, and the last piece, 0 for none. */
export const LOG_END = `
SELECT seq, coalesce((SELECT max(piece) FROM attempt_logs WHERE execution_seq = seq), 0) AS piece
FROM (SELECT execution_seq AS seq, id FROM active_executions UNION ALL SELECT seq, id FROM executions) WHERE id = ?`

export const INSERT_PIECE = `
INSERT INTO attempt_logs (execution_seq, piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const DELETE_PIECE = `
DELETE FROM attempt_logs WHERE execution_seq = ? AND piece = ? AND task_id = ? AND attempt = ?`

export const SET_CUT = 'UPDATE attempt_logs SET cut_records = ?, cut_bytes = ? WHERE execution_seq = ? AND piece = ?'

/** That of the open run of skips first: it is the newest. Of ticks whose ids are in a range. */
export const LIST_TICK_LOGS = `
SELECT * FROM (
  SELECT 1 AS is_open, 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_last_at AS at, skip_log AS text
  FROM triggers WHERE name = ? AND skip_count > 0 AND skip_log IS NOT NULL AND skip_tick_id BETWEEN ? AND ?
  UNION ALL
  SELECT 0, seq, id, outcome, last_at, log FROM ticks
  WHERE trigger_seq = (SELECT seq FROM triggers WHERE name = ?) AND log IS NOT NULL AND id BETWEEN ? AND ?
) ORDER BY is_open DESC, seq DESC LIMIT ? OFFSET ?`

const LIST = `
SELECT piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text FROM attempt_logs
WHERE execution_seq = ${SEQ_OF}`

const OF = ['', 'AND task_id = ?', 'AND task_id = ? AND attempt = ?'] as const

/** Of all tasks, of one, of one attempt. */
export const LIST_PIECES = OF.map((which) => `${LIST} ${which} AND piece > ? ORDER BY piece LIMIT ?`)

/** The last ones, the last first. */
export const LIST_LAST_PIECES = OF.map((which) => `${LIST} ${which} AND piece < ? ORDER BY piece DESC LIMIT ?`)
