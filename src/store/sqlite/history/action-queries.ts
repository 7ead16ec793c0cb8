/** The SQL that prunes actions. */

export const PRUNE_ACTIONS = `
DELETE FROM actions WHERE seq IN (SELECT seq FROM actions WHERE created_at < ? ORDER BY created_at LIMIT ?)`
