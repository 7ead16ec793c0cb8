/** The SQL of the attempts' logs. Each text is one statement, named after what the store wants done. */

/** Nothing where the execution has been pruned. Returns the number of the piece. */
export const INSERT_PIECE = `
INSERT INTO attempt_logs (execution_seq, piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text)
SELECT seq, coalesce((SELECT max(piece) FROM attempt_logs WHERE execution_seq = seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?
FROM executions WHERE id = ?
RETURNING piece AS number`

export const DELETE_PIECE = `
DELETE FROM attempt_logs WHERE execution_seq = (SELECT seq FROM executions WHERE id = ?) AND piece = ? AND task_id = ? AND attempt = ?`

export const SET_CUT = `
UPDATE attempt_logs SET cut_records = ?, cut_bytes = ?
WHERE execution_seq = (SELECT seq FROM executions WHERE id = ?) AND piece = ?`

const LIST = `
SELECT piece, task_id, attempt, records, bytes, cut_records, cut_bytes, text FROM attempt_logs
WHERE execution_seq = (SELECT seq FROM executions WHERE id = ?) AND piece > ?`

export const LIST_PIECES = `${LIST} ORDER BY piece LIMIT ?`

export const LIST_PIECES_OF_TASK = `${LIST} AND task_id = ? ORDER BY piece LIMIT ?`

export const LIST_PIECES_OF_ATTEMPT = `${LIST} AND task_id = ? AND attempt = ? ORDER BY piece LIMIT ?`
