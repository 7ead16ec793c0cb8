/** The SQL of alerts. Each text is one statement, named after what the store wants done. */

export const SAVE_ALERT = `
INSERT INTO alerts (id, kind, subject, message, raised_at, deliveries) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET deliveries = excluded.deliveries`

/** The place of an alert in a list. */
export const FIND_ALERT = 'SELECT seq FROM alerts WHERE id = ?'

/** Behind a place. */
export const LIST_ALERTS = `
SELECT id, kind, subject, message, raised_at, deliveries FROM alerts WHERE seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?`

export const PRUNE_ALERTS = `
DELETE FROM alerts WHERE seq IN (SELECT seq FROM alerts WHERE raised_at < ? ORDER BY raised_at LIMIT ?)`
