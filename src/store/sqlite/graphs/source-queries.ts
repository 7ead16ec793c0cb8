/** The SQL of sources, their events and their polls. Each text is one statement, named after what the store wants done. */

export const FIND_SOURCE =
  'SELECT seq, last_sequence, done_sequence, lease_seq, lease_number FROM sources WHERE name = ?'

// -- what is declared

/** A row that exists is touched only where something differs. */
export const SAVE_SOURCE = `
INSERT INTO sources (name, accumulation, description, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET accumulation = excluded.accumulation, description = excluded.description
WHERE (accumulation, description) IS NOT (excluded.accumulation, excluded.description)`

/** One that only a reactor names. */
export const NAME_SOURCE = 'INSERT INTO sources (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING'

export const GET_ACCUMULATION = 'SELECT accumulation FROM sources WHERE name = ?'

export const FORGET_POSITIONS = `
DELETE FROM stream_positions WHERE source_seq = (SELECT seq FROM sources WHERE name = ?)`

// -- leases

export const LEASE_SOURCE = 'UPDATE sources SET lease_seq = ?, lease_number = lease_number + 1 WHERE seq = ?'

export const RELEASE_SOURCE = 'UPDATE sources SET lease_seq = NULL WHERE name = ? AND lease_seq = ?'

// -- events

export const GET_POSITION = 'SELECT read_to FROM stream_positions WHERE source_seq = ? AND partition = ?'

export const SAVE_POSITION = `
INSERT INTO stream_positions (source_seq, partition, read_to) VALUES (?, ?, ?)
ON CONFLICT (source_seq, partition) DO UPDATE SET read_to = excluded.read_to`

export const LIST_POSITIONS = `
SELECT partition, read_to FROM stream_positions
WHERE source_seq = (SELECT seq FROM sources WHERE name = ?) ORDER BY partition`

export const INSERT_EVENT = 'INSERT INTO source_events (source_seq, sequence, accepted_at, event) VALUES (?, ?, ?, ?)'

export const COUNT_ACCEPTED = 'UPDATE sources SET last_sequence = ?, last_event_at = ? WHERE seq = ?'

export const COUNT_REFUSED = 'UPDATE sources SET refused = refused + ? WHERE name = ?'

export const EVENTS_AFTER = `
SELECT sequence, accepted_at, event FROM source_events WHERE source_seq = ? AND sequence > ? ORDER BY sequence LIMIT ?`

/** Before a sequence. */
export const LIST_EVENTS = `
SELECT sequence, accepted_at, event FROM source_events
WHERE source_seq = ? AND sequence < ? ORDER BY sequence DESC LIMIT ? OFFSET ?`

export const MOVE_SOURCE = `
UPDATE sources SET done_sequence = ?, dropped = dropped + ?, failed = failed + ? WHERE seq = ?`

export const SET_SOURCE_ERROR = 'UPDATE sources SET last_error = ?, last_error_at = ? WHERE seq = ?'

export const SAVE_LAST_VALUE = `
INSERT INTO source_last_values (source_seq, value_at, value) VALUES (?, ?, ?)
ON CONFLICT (source_seq) DO UPDATE SET value_at = excluded.value_at, value = excluded.value`

// -- the list of a state accumulator

export const LIST_KEPT = 'SELECT value FROM kept_values WHERE source_seq = ? ORDER BY sequence'

export const FORGET_KEPT = `
DELETE FROM kept_values WHERE source_seq = ? AND sequence IN (
  SELECT sequence FROM kept_values WHERE source_seq = ? ORDER BY sequence LIMIT ?)`

export const KEEP_VALUE = 'INSERT INTO kept_values (source_seq, sequence, value) VALUES (?, ?, ?)'

// -- polls

export const NEWEST_POLL = `
SELECT seq, outcome FROM source_polls WHERE source_seq = ? ORDER BY seq DESC LIMIT 1`

export const EXTEND_POLL_SKIPS = `
UPDATE source_polls
SET last_at = ?, count = count + ?, lateness_ms = nullif(max(coalesce(lateness_ms, -1), ?), -1), duration_ms = max(duration_ms, ?)
WHERE seq = ?`

export const INSERT_POLL = `
INSERT INTO source_polls (source_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Before one. */
export const LIST_POLLS = `
SELECT seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error FROM source_polls
WHERE source_seq = ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?`

// -- reads

const SOURCES = `
SELECT sources.name, accumulation, description, last_sequence, done_sequence, dropped, refused, failed, last_event_at,
       value AS last_value, value_at AS last_value_at, last_error, last_error_at, instances.id AS owner,
       undeclared_at, sources.created_at
FROM sources
LEFT JOIN source_last_values ON source_seq = sources.seq
LEFT JOIN instances ON instances.seq = lease_seq`

export const LIST_SOURCES = `${SOURCES} ORDER BY sources.name`

export const GET_SOURCE = `${SOURCES} WHERE sources.name = ?`
