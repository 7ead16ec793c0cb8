/** The SQL of signals. A signal is kept while `used_at` is null. */

import { withNames } from '../named.ts'

/** Values: id, name, key, payload, fingerprint, source, time. */
export const INSERT_SIGNAL = `
INSERT INTO signals (id, name, key, payload, fingerprint, source, sent_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`

/** Values: id. */
export const FIND_SIGNAL = `
SELECT name, key, fingerprint, is_used_at_once AS "isUsedAtOnce", executions FROM signals WHERE id = $1`

/** Values: name, key, earliest time. */
export const FIND_KEPT_SIGNAL = `
SELECT id, payload FROM signals
WHERE name = $1 AND key = $2 AND used_at IS NULL AND sent_at >= $3 ORDER BY seq LIMIT 1`

/** Values: id, time, JSON list of executions, whether it is the step that sends the signal. */
export const USE_SIGNAL = `
UPDATE signals SET used_at = $2, executions = $3, is_used_at_once = $4 WHERE id = $1`

/** Values: name, key. */
export const LIST_WAITS_FOR_SIGNAL = `
SELECT execution_seq, task_id FROM waits WHERE signal = $1 AND wait_key = $2 AND outcome IS NULL`

export const FIND_SIGNAL_PLACE = 'SELECT sent_at AS at, seq FROM signals WHERE id = $1'

/** Values: place before the page, limit, offset, name or null, key or null, whether it lists used and kept signals. */
export const LIST_SIGNALS = `
SELECT ${withNames('id, name, key, payload, executions, source, sent_at, used_at')} FROM signals
WHERE seq < $1 AND (CAST($4 AS text) IS NULL OR name = $4) AND (CAST($5 AS text) IS NULL OR key = $5)
  AND (used_at IS NOT NULL AND $6 OR used_at IS NULL AND $7)
ORDER BY seq DESC LIMIT $2 OFFSET $3`
