/** The SQL that prunes alerts. */

export const PRUNE_ALERTS = `
DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE raised_at < ? ORDER BY raised_at LIMIT ?)`
