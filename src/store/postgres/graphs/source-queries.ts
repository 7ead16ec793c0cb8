/** The SQL of sources, their events and their polls. Each text is one statement, named after what the store wants done. */

/** Whoever has the row has the source's sequences: they are in the order of the commits. */
export const LOCK_SOURCE = `
SELECT seq, last_sequence, done_sequence, lease_number, (SELECT id FROM instances WHERE instances.seq = lease_seq) AS lease_id
FROM sources WHERE name = $1 FOR NO KEY UPDATE`

/** The same of several, in the order of their names. */
export const LOCK_SOURCES = `
SELECT seq, name, last_sequence, done_sequence, (SELECT id FROM instances WHERE instances.seq = lease_seq) AS lease_id
FROM sources WHERE name = ANY ($1::text[]) ORDER BY name FOR NO KEY UPDATE`

const OF_SOURCE = 'source_seq = (SELECT seq FROM sources WHERE name = $1)'

// -- what is declared: values are a list for each column

export const LIST_ACCUMULATIONS = `
SELECT name, accumulation FROM sources WHERE name = ANY ($1::text[]) ORDER BY name FOR NO KEY UPDATE`

export const SAVE_SOURCES = `
INSERT INTO sources (name, accumulation, description, created_at)
SELECT name, accumulation, description, $4::bigint
FROM unnest($1::text[], $2::text[], $3::text[]) AS g (name, accumulation, description) ORDER BY name
ON CONFLICT (name) DO UPDATE SET accumulation = excluded.accumulation, description = excluded.description
WHERE (sources.accumulation, sources.description) IS DISTINCT FROM (excluded.accumulation, excluded.description)`

/** Those that only reactors name. */
export const NAME_SOURCES = `
INSERT INTO sources (name, created_at) SELECT name, $2::bigint FROM unnest($1::text[]) AS g (name) ORDER BY name
ON CONFLICT (name) DO NOTHING`

export const FORGET_POSITIONS = `
DELETE FROM stream_positions WHERE source_seq IN (SELECT seq FROM sources WHERE name = ANY ($1::text[]))`

// -- leases

/** Values: the names, the instance, those that are dead. */
export const LEASE_SOURCES = `
WITH free AS (
  SELECT seq FROM sources
  WHERE name = ANY ($1::text[]) AND (lease_seq IS NULL OR lease_seq = ANY ($3::bigint[])) ORDER BY name FOR NO KEY UPDATE
)
UPDATE sources SET lease_seq = $2, lease_number = lease_number + 1 FROM free WHERE sources.seq = free.seq`

export const LIST_LEASES = `
SELECT sources.name, lease_number, done_sequence, last_sequence
FROM unnest($1::text[]) WITH ORDINALITY AS g (name, n) JOIN sources USING (name) WHERE lease_seq = $2 ORDER BY n`

export const RELEASE_SOURCES = 'UPDATE sources SET lease_seq = NULL WHERE name = ANY ($1::text[]) AND lease_seq = $2'

// -- events

export const LIST_STORED_POSITIONS = `
SELECT source_seq, partition, read_to FROM stream_positions
WHERE (source_seq, partition) IN (
  SELECT seq, g.partition FROM unnest($1::text[], $2::text[]) AS g (name, partition) JOIN sources USING (name))`

export const SAVE_POSITIONS = `
INSERT INTO stream_positions (source_seq, partition, read_to) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
ON CONFLICT (source_seq, partition) DO UPDATE SET read_to = excluded.read_to`

export const LIST_POSITIONS = `SELECT partition, read_to FROM stream_positions WHERE ${OF_SOURCE} ORDER BY partition`

export const INSERT_EVENTS = `
INSERT INTO source_events (source_seq, sequence, accepted_at, event)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])`

export const COUNT_ACCEPTED = `
UPDATE sources SET last_sequence = g.last_sequence, last_event_at = g.at
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS g (seq, last_sequence, at) WHERE sources.seq = g.seq`

export const COUNT_REFUSED = 'UPDATE sources SET refused = refused + $2 WHERE name = $1'

/** Values: the source, behind which, how many, how much text. */
export const EVENTS_AFTER = `
SELECT sequence, accepted_at, event FROM (
  SELECT sequence, accepted_at, event, sum(length(event)) OVER in_order AS chars, row_number() OVER in_order AS n
  FROM (SELECT sequence, accepted_at, event FROM source_events WHERE ${OF_SOURCE} AND sequence > $2 ORDER BY sequence LIMIT $3) first
  WINDOW in_order AS (ORDER BY sequence)
) counted WHERE n = 1 OR chars <= $4 ORDER BY sequence`

/** Before a sequence. */
export const LIST_EVENTS = `
SELECT sequence, accepted_at, event FROM source_events
WHERE ${OF_SOURCE} AND sequence < $2 ORDER BY sequence DESC LIMIT $3 OFFSET $4`

export const MOVE_SOURCE = `
UPDATE sources
SET done_sequence = $2, dropped = dropped + $3, failed = failed + $4, last_error = coalesce($5, last_error),
    last_error_at = coalesce($6, last_error_at)
WHERE seq = $1`

export const SAVE_LAST_VALUE = `
INSERT INTO source_last_values (source_seq, value_at, value) VALUES ($1, $2, $3)
ON CONFLICT (source_seq) DO UPDATE SET value_at = excluded.value_at, value = excluded.value`

// -- the list of a state accumulator

export const LIST_KEPT = `SELECT value FROM kept_values WHERE ${OF_SOURCE} ORDER BY sequence`

export const FORGET_KEPT = `
DELETE FROM kept_values WHERE source_seq = $1 AND sequence IN (
  SELECT sequence FROM kept_values WHERE source_seq = $1 ORDER BY sequence LIMIT $2)`

export const KEEP_VALUES = `
INSERT INTO kept_values (source_seq, sequence, value) SELECT $1::bigint, * FROM unnest($2::bigint[], $3::text[])`

// -- polls

/** Two that report polls of one source do so one after the other. */
export const NEWEST_POLL = `
SELECT sources.seq AS source_seq, newest.seq, newest.outcome
FROM sources LEFT JOIN LATERAL (
  SELECT seq, outcome FROM source_polls WHERE source_seq = sources.seq ORDER BY seq DESC LIMIT 1
) newest ON true
WHERE name = $1 FOR NO KEY UPDATE OF sources`

export const EXTEND_POLL_SKIPS = `
UPDATE source_polls
SET last_at = $2, count = count + $3, lateness_ms = greatest(lateness_ms, $4::bigint), duration_ms = greatest(duration_ms, $5::bigint)
WHERE seq = $1`

export const INSERT_POLLS = `
INSERT INTO source_polls (source_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error)
SELECT source_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[])
  WITH ORDINALITY AS g (source_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error, n)
ORDER BY n`

/** Before one. */
export const LIST_POLLS = `
SELECT seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, sequence, error FROM source_polls
WHERE ${OF_SOURCE} AND seq < $2 ORDER BY seq DESC LIMIT $3 OFFSET $4`

// -- reads

const SOURCES = `
SELECT sources.name, accumulation, description, last_sequence, done_sequence, dropped, refused, failed, last_event_at,
       value AS last_value, value_at AS last_value_at, last_error, last_error_at, instances.id AS owner,
       undeclared_at, sources.created_at
FROM sources
LEFT JOIN source_last_values ON source_seq = sources.seq
LEFT JOIN instances ON instances.seq = lease_seq`

export const LIST_SOURCES = `${SOURCES} ORDER BY sources.name`

export const GET_SOURCE = `${SOURCES} WHERE sources.name = $1`
