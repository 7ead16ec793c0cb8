/** The SQL of sources, their leases, events and polls. */

import { withNames } from './named.ts'
import type { Fragments } from './sql-fragments.ts'

const OF_SOURCE = 'source_seq = (SELECT seq FROM sources WHERE name = $1)'

const LOCKED = `
SELECT seq, name, last_sequence, done_sequence, lease_number,
       (SELECT id FROM instances WHERE instances.seq = lease_seq) AS lease_id
FROM sources`

export function sourceSql({ insertRows, isEach, isIn, lock, updateRows }: Fragments) {
  return {
    /** The sequences of a source follow the order of the commits, because a transaction locks the row first. */
    lock: `${LOCKED} WHERE name = $1 ${lock('sources')}`,
    lockEach: `${LOCKED} WHERE ${isEach('name', '$1', 'text')} ORDER BY name ${lock('sources')}`,

    /** Takes free leases. Values: names, then the engine and a list of the dead ones. */
    lease: `
WITH free AS (
  SELECT seq FROM sources
  WHERE ${isEach('name', '$1', 'text')} AND (lease_seq IS NULL OR ${isIn('lease_seq', '$3', 'bigint')})
  ORDER BY name ${lock('sources')}
)
UPDATE sources SET lease_seq = $2, lease_number = lease_number + 1 FROM free WHERE sources.seq = free.seq`,
    listLeases: `
SELECT lease_seq, ${withNames('name AS source, lease_number AS number, done_sequence, last_sequence')} FROM sources
WHERE ${isEach('name', '$1', 'text')}`,
    release: `UPDATE sources SET lease_seq = NULL WHERE ${isEach('name', '$1', 'text')} AND lease_seq = $2`,

    /** May return positions of the other sources, too. */
    listStoredPositions: `
SELECT source_seq, partition, read_to FROM stream_positions
WHERE source_seq IN (SELECT seq FROM sources WHERE ${isEach('name', '$1', 'text')})
  AND ${isEach('partition', '$2', 'text')}`,
    savePosition: `
${insertRows('stream_positions', 'source_seq bigint, partition text, read_to bigint')}
ON CONFLICT (source_seq, partition) DO UPDATE SET read_to = excluded.read_to`,
    insertEvent: insertRows('source_events', 'source_seq bigint, sequence bigint, accepted_at bigint, event text'),
    countAccepted: updateRows('sources', 'last_sequence bigint, last_event_at bigint'),

    keepValue: insertRows('kept_values', 'source_seq bigint, sequence bigint, value text'),

    insertPoll: insertRows(
      'source_polls',
      'source_seq bigint, outcome text, first_at bigint, last_at bigint, count bigint, lateness_ms bigint, ' +
        'duration_ms bigint, sequence bigint, error text',
    ),
  }
}

export const LIST_POSITIONS = `
SELECT partition, read_to AS "offset" FROM stream_positions WHERE ${OF_SOURCE} ORDER BY partition`

export const COUNT_REFUSED = 'UPDATE sources SET refused = refused + $2 WHERE name = $1'

const EVENT_COLUMNS = withNames('sequence, accepted_at, event')

export const EVENTS_AFTER = `
SELECT ${EVENT_COLUMNS} FROM source_events WHERE ${OF_SOURCE} AND sequence > $2 ORDER BY sequence LIMIT $3`

export const LIST_EVENTS = `
SELECT ${EVENT_COLUMNS} FROM source_events
WHERE ${OF_SOURCE} AND sequence < $2 ORDER BY sequence DESC LIMIT $3 OFFSET $4`

export const MOVE_SOURCE = `
UPDATE sources
SET done_sequence = $2, dropped = dropped + $3, failed = failed + $4, last_error = coalesce($5, last_error),
    last_error_at = coalesce($6, last_error_at)
WHERE seq = $1`

export const SAVE_LAST_VALUE = `
INSERT INTO source_last_values (source_seq, value_at, value) VALUES ($1, $2, $3)
ON CONFLICT (source_seq) DO UPDATE SET value_at = excluded.value_at, value = excluded.value`

export const LIST_KEPT = `SELECT value FROM kept_values WHERE ${OF_SOURCE} ORDER BY sequence`

export const FORGET_KEPT = `
DELETE FROM kept_values WHERE source_seq = $1 AND sequence IN (
  SELECT sequence FROM kept_values WHERE source_seq = $1 ORDER BY sequence LIMIT $2)`

export const NEWEST_POLL = `SELECT seq, outcome FROM source_polls WHERE ${OF_SOURCE} ORDER BY seq DESC LIMIT 1`

export const EXTEND_POLL_SKIPS = `
UPDATE source_polls
SET last_at = $2, count = count + $3,
    lateness_ms = CASE WHEN CAST($4 AS bigint) > coalesce(lateness_ms, -1) THEN $4 ELSE lateness_ms END,
    duration_ms = CASE WHEN CAST($5 AS bigint) > duration_ms THEN $5 ELSE duration_ms END
WHERE seq = $1`

export const LIST_POLLS = `
SELECT CAST(seq AS text) AS id,
       ${withNames('outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error')} FROM source_polls
WHERE ${OF_SOURCE} AND seq < $2 ORDER BY seq DESC LIMIT $3 OFFSET $4`

const SOURCES = `
SELECT ${withNames(`
  sources.name, accumulation, description, last_sequence, done_sequence, last_sequence - done_sequence AS waiting,
  dropped, refused, failed, last_event_at, value AS "lastValueText", value_at AS "lastValueAt", last_error,
  last_error_at, instances.id AS owner, undeclared_at, sources.created_at`)}
FROM sources
LEFT JOIN source_last_values ON source_seq = sources.seq
LEFT JOIN instances ON instances.seq = lease_seq`

export const LIST_SOURCES = `${SOURCES} ORDER BY sources.name`

export const GET_SOURCE = `${SOURCES} WHERE sources.name = $1`
