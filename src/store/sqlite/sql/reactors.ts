/** See `OwnSql`. */
export const PASS_TO_GRAPH = `
UPDATE graphs SET done_sequence = $4 WHERE name = $1 AND reactor = $2 AND done_sequence = $3 RETURNING name`
