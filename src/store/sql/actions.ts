/** The SQL of actions, the same for both databases. */

const COLUMNS = 'id, kind, target, source, note, arguments, created_at, answered_at, is_refused, answer'

export const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

/** Stores the first answer and ignores later ones. */
export const ANSWER_ACTION = `
UPDATE actions SET answered_at = $1, is_refused = $2, answer = $3 WHERE id = $4 AND answered_at IS NULL`

export const DELETE_ACTION = 'DELETE FROM actions WHERE id = $1'

export const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = $1`

export const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT $1`

export const FIND_ACTION = 'SELECT created_at AS at, seq FROM actions WHERE id = $1'

/** The page that starts after a place in the order. */
export const LIST_ACTIONS_ON = `
SELECT ${COLUMNS} FROM actions WHERE target = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3 OFFSET $4`

export const LIST_ACTIONS = `SELECT ${COLUMNS} FROM actions WHERE seq < $1 ORDER BY seq DESC LIMIT $2 OFFSET $3`
