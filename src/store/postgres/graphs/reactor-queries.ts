/** The SQL of reactors, their firings and the graphs that are bound to them. Each text is one statement, named after what the store wants done. */

const REACTOR_COLUMNS = 'seq, name, key, mode, last_sequence, last_fired_at, undeclared_at, created_at'

export const GET_REACTOR = `SELECT ${REACTOR_COLUMNS} FROM reactors WHERE name = $1`

export const LOCK_REACTOR = `${GET_REACTOR} FOR NO KEY UPDATE`

export const GET_REACTOR_OF_KEY = `SELECT ${REACTOR_COLUMNS} FROM reactors WHERE key = $1`

export const LIST_REACTORS = `SELECT ${REACTOR_COLUMNS} FROM reactors ORDER BY name`

const INPUT_COLUMNS = 'reactor_seq, seq, source, value, value_at, sequence, dirty_from'

export const LIST_ALL_INPUTS = `SELECT ${INPUT_COLUMNS} FROM reactor_inputs ORDER BY reactor_seq, position`

export const LIST_INPUTS = `SELECT ${INPUT_COLUMNS} FROM reactor_inputs WHERE reactor_seq = $1 ORDER BY position`

// -- what is declared: values are a list for each column

export const SAVE_REACTORS = `
INSERT INTO reactors (name, key, mode, created_at)
SELECT name, key, mode, $4::bigint FROM unnest($1::text[], $2::text[], $3::text[]) AS g (name, key, mode) ORDER BY name
ON CONFLICT (name) DO UPDATE SET mode = excluded.mode WHERE reactors.mode <> excluded.mode`

/** Their values stay. Values: the reactors' names, the sources, their positions. */
export const SAVE_INPUTS = `
INSERT INTO reactor_inputs (reactor_seq, source, position)
SELECT reactors.seq, g.source, g.position
FROM unnest($1::text[], $2::text[], $3::int[]) AS g (name, source, position) JOIN reactors USING (name)
ON CONFLICT (reactor_seq, source) DO UPDATE SET position = excluded.position WHERE reactor_inputs.position <> excluded.position`

/** Those that a reactor does not have any more. */
export const FORGET_INPUTS = `
DELETE FROM reactor_inputs USING reactors
WHERE reactors.seq = reactor_seq AND reactors.name = ANY ($1::text[])
  AND (reactors.name, source) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))`

// -- reactions

/** One after the other, in the order of their names, so that two that deliver never wait for each other. */
export const LOCK_REACTORS_OF_SOURCE = `
SELECT ${REACTOR_COLUMNS} FROM reactors
WHERE undeclared_at IS NULL AND seq IN (SELECT reactor_seq FROM reactor_inputs WHERE source = $1) ORDER BY name FOR NO KEY UPDATE`

/** To be asked when the reactors are locked. */
export const LIST_INPUTS_BESIDE = `
SELECT ${INPUT_COLUMNS} FROM reactor_inputs
WHERE reactor_seq IN (SELECT reactor_seq FROM reactor_inputs WHERE source = $1) ORDER BY reactor_seq, position`

export const SET_INPUTS = `
UPDATE reactor_inputs SET value = g.value, value_at = g.value_at, sequence = g.sequence, dirty_from = g.dirty_from
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS g (seq, value, value_at, sequence, dirty_from)
WHERE reactor_inputs.seq = g.seq`

export const SET_DIRTY = `
UPDATE reactor_inputs SET dirty_from = g.dirty_from
FROM unnest($1::bigint[], $2::bigint[]) AS g (seq, dirty_from) WHERE reactor_inputs.seq = g.seq`

export const COUNT_FIRINGS = `
UPDATE reactors SET last_sequence = g.last_sequence, last_fired_at = $3
FROM unnest($1::bigint[], $2::bigint[]) AS g (seq, last_sequence) WHERE reactors.seq = g.seq`

export const INSERT_FIRINGS = `
INSERT INTO reactor_firings (reactor_seq, sequence, fired_at, by_hand, causes, payload)
SELECT reactor_seq, sequence, $5::bigint, $6::text, causes, payload
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS g (reactor_seq, sequence, causes, payload)`

export const INSERT_CAUSES = `
INSERT INTO firing_causes (source, reactor_seq, last_sequence, first_sequence, firing_sequence)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])`

/** Only where the mark stood at the firing before. Values: the graphs, their reactors, the marks before and after. */
export const PASS_TO_GRAPHS = `
WITH passed AS (
  SELECT graphs.seq, g.after FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS g (name, reactor, before, after)
  JOIN graphs ON graphs.name = g.name AND graphs.reactor = g.reactor AND graphs.done_sequence = g.before
  ORDER BY graphs.name FOR NO KEY UPDATE OF graphs
)
UPDATE graphs SET done_sequence = passed.after FROM passed WHERE graphs.seq = passed.seq RETURNING graphs.name`

// -- firings

const FIRING_COLUMNS = 'sequence, fired_at, by_hand, causes, payload'

/** Those of a reactor behind a sequence: at most so many, and less where their texts are longer than so much. */
export const FIRINGS_BEHIND = (reactor: string, sequence: string, limit: string, chars: string) => `
SELECT ${FIRING_COLUMNS} FROM (
  SELECT ${FIRING_COLUMNS}, sum(length(payload)) OVER in_order AS chars, row_number() OVER in_order AS n FROM (
    SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = ${reactor} AND sequence > ${sequence} ORDER BY sequence LIMIT ${limit}
  ) first WINDOW in_order AS (ORDER BY sequence)
) counted WHERE n = 1 OR chars <= ${chars}`

export const FIRINGS_AFTER = `${FIRINGS_BEHIND('$1', '$2', '$3', '$4')} ORDER BY sequence`

/** Before a sequence. */
export const LIST_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM reactor_firings
WHERE reactor_seq = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3 OFFSET $4`

export const GET_FIRING = `SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = $1 AND sequence = $2`

/** Of each reactor the firing that has the event among its causes: of one source they do not overlap. */
export const FIRINGS_OF_EVENT = `
SELECT reactors.name, reactors.key, f.sequence, f.fired_at, f.by_hand, f.causes, f.payload
FROM reactors
CROSS JOIN LATERAL (
  SELECT first_sequence, firing_sequence FROM firing_causes
  WHERE source = $1 AND reactor_seq = reactors.seq AND last_sequence >= $2 ORDER BY last_sequence LIMIT 1
) cause
JOIN reactor_firings f ON f.reactor_seq = reactors.seq AND f.sequence = cause.firing_sequence
WHERE cause.first_sequence <= $2 ORDER BY f.fired_at DESC, reactors.name LIMIT $3`

export const LIST_FIRING_EXECUTIONS = `
SELECT subscription_id, workflow, execution_id FROM firing_executions
WHERE reactor_seq = $1 AND sequence = $2 ORDER BY workflow, subscription_id, replay`

// -- graphs

/** A new one, or one that is bound to another reactor than before, begins with the next firing. Values: names, reactors, definitions. */
export const SAVE_GRAPHS = `
INSERT INTO graphs (name, reactor, definition, created_at, done_sequence)
SELECT g.name, g.reactor, g.definition, $4::bigint, coalesce(last_sequence, 0)
FROM unnest($1::text[], $2::text[], $3::text[]) AS g (name, reactor, definition) LEFT JOIN reactors ON reactors.name = g.reactor
ORDER BY g.name
ON CONFLICT (name) DO UPDATE
SET definition = excluded.definition, reactor = excluded.reactor,
    done_sequence = CASE WHEN graphs.reactor IS NOT DISTINCT FROM excluded.reactor THEN graphs.done_sequence
                    ELSE excluded.done_sequence END
WHERE graphs.definition <> excluded.definition`

export const LOCK_BEHIND = `
SELECT graphs.seq, graphs.name AS graph, done_sequence, reactors.seq AS reactor_seq, reactors.name, reactors.key,
       reactors.last_sequence
FROM graphs JOIN reactors ON reactors.name = graphs.reactor
WHERE graphs.name = ANY ($1::text[]) AND done_sequence < reactors.last_sequence ORDER BY graphs.name FOR NO KEY UPDATE OF graphs`

export const MOVE_GRAPHS = `
UPDATE graphs SET done_sequence = g.done_sequence
FROM unnest($1::bigint[], $2::bigint[]) AS g (seq, done_sequence) WHERE graphs.seq = g.seq`

export const COUNT_RUNS = `
UPDATE graphs
SET runs = runs + $2, failures = failures + $3, last_error = coalesce($4, last_error), last_error_at = coalesce($5, last_error_at)
WHERE name = $1`

export const SAVE_LAST_RUN = `
INSERT INTO graph_last_runs (graph_seq, ran_at, firing_sequence, result, nodes)
SELECT seq, $2::bigint, $3::bigint, $4::text, $5::text FROM graphs WHERE name = $1
ON CONFLICT (graph_seq) DO UPDATE
SET ran_at = excluded.ran_at, firing_sequence = excluded.firing_sequence, result = excluded.result, nodes = excluded.nodes`

const GRAPHS = `
SELECT definition, done_sequence, runs, failures, ran_at, firing_sequence, result, nodes, last_error, last_error_at,
       undeclared_at, created_at
FROM graphs LEFT JOIN graph_last_runs ON graph_seq = graphs.seq`

export const LIST_GRAPHS = `${GRAPHS} ORDER BY name`

export const GET_GRAPH = `${GRAPHS} WHERE name = $1`
