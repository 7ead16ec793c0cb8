/** The SQL of alerts, the same for both databases. */

export const SAVE_ALERT = `
INSERT INTO alerts (id, kind, subject, message, raised_at, deliveries) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET deliveries = excluded.deliveries`

export const FIND_ALERT = 'SELECT raised_at AS at, seq FROM alerts WHERE id = $1'

/** The page that starts after a place in the order. */
export const LIST_ALERTS = `
SELECT id, kind, subject, message, raised_at, deliveries FROM alerts
WHERE seq < $1 ORDER BY seq DESC LIMIT $2 OFFSET $3`
