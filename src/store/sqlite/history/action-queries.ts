/** The SQL of actions. Each text is one statement, named after what the store wants done. */

const COLUMNS = 'id, kind, target, source, note, arguments, created_at, answered_at, is_refused, answer'

export const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

/** Whoever answers first does: it is no answer any more for the others. */
export const ANSWER_ACTION = `
UPDATE actions SET answered_at = ?, is_refused = ?, answer = ? WHERE id = ? AND answered_at IS NULL`

export const DELETE_ACTION = 'DELETE FROM actions WHERE id = ?'

export const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = ?`

export const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT ?`

/** The place of an action in a list. */
export const FIND_ACTION = 'SELECT seq FROM actions WHERE id = ?'

/** Behind a place. */
export const LIST_ACTIONS_ON = `
SELECT ${COLUMNS} FROM actions WHERE target = ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?`

export const LIST_ACTIONS = `SELECT ${COLUMNS} FROM actions WHERE seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?`

export const PRUNE_ACTIONS = `
DELETE FROM actions WHERE seq IN (SELECT seq FROM actions WHERE created_at < ? ORDER BY created_at LIMIT ?)`
