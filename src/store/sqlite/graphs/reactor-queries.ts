/** The SQL of reactors, their firings and the graphs that are bound to them. Each text is one statement, named after what the store wants done. */

const REACTOR_COLUMNS = 'seq, name, key, mode, last_sequence, last_fired_at, undeclared_at, created_at'

export const GET_REACTOR = `SELECT ${REACTOR_COLUMNS} FROM reactors WHERE name = ?`

export const GET_REACTOR_OF_SEQ = `SELECT ${REACTOR_COLUMNS} FROM reactors WHERE seq = ?`

export const GET_REACTOR_OF_KEY = `SELECT ${REACTOR_COLUMNS} FROM reactors WHERE key = ?`

export const LIST_REACTORS = `SELECT ${REACTOR_COLUMNS} FROM reactors ORDER BY name`

// -- what is declared

export const SAVE_REACTOR = `
INSERT INTO reactors (name, key, mode, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET mode = excluded.mode WHERE mode <> excluded.mode`

/** Its value stays. */
export const SAVE_INPUT = `
INSERT INTO reactor_inputs (reactor_seq, source, position) VALUES (?, ?, ?)
ON CONFLICT (reactor_seq, source) DO UPDATE SET position = excluded.position WHERE position <> excluded.position`

/** Values: the reactor, JSON of the names that it still has. */
export const FORGET_INPUTS = `
DELETE FROM reactor_inputs WHERE reactor_seq = ? AND source NOT IN (SELECT value FROM json_each(?))`

// -- reactions

/** One statement for each reactor follows, not a join: see `FIND_FOR_SETTLING`. */
export const REACTORS_OF_SOURCE = 'SELECT reactor_seq FROM reactor_inputs WHERE source = ?'

export const LIST_INPUTS = `
SELECT seq, source, value, value_at, sequence, dirty_from FROM reactor_inputs WHERE reactor_seq = ? ORDER BY position`

export const SET_INPUT = 'UPDATE reactor_inputs SET value = ?, value_at = ?, sequence = ?, dirty_from = ? WHERE seq = ?'

export const SET_DIRTY = 'UPDATE reactor_inputs SET dirty_from = ? WHERE seq = ?'

export const COUNT_FIRINGS = 'UPDATE reactors SET last_sequence = ?, last_fired_at = ? WHERE seq = ?'

export const INSERT_FIRING = `
INSERT INTO reactor_firings (reactor_seq, sequence, fired_at, by_hand, causes, payload) VALUES (?, ?, ?, ?, ?, ?)`

export const INSERT_CAUSE = `
INSERT INTO firing_causes (source, reactor_seq, last_sequence, first_sequence, firing_sequence) VALUES (?, ?, ?, ?, ?)`

/** Only where the mark stood at the firing before. */
export const PASS_TO_GRAPH = 'UPDATE graphs SET done_sequence = ? WHERE name = ? AND reactor = ? AND done_sequence = ?'

// -- firings

const FIRING_COLUMNS = 'sequence, fired_at, by_hand, causes, payload'

/** Behind a sequence. */
export const FIRINGS_AFTER = `
SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = ? AND sequence > ? ORDER BY sequence LIMIT ?`

/** Before a sequence. */
export const LIST_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM reactor_firings
WHERE reactor_seq = ? AND sequence < ? ORDER BY sequence DESC LIMIT ? OFFSET ?`

export const GET_FIRING = `SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = ? AND sequence = ?`

/** The first one that may have the event among its causes; of one source they do not overlap. */
export const CAUSED_BY = `
SELECT first_sequence, firing_sequence FROM firing_causes
WHERE source = ? AND reactor_seq = ? AND last_sequence >= ? ORDER BY last_sequence LIMIT 1`

export const LIST_FIRING_EXECUTIONS = `
SELECT subscription_id, workflow, execution_id FROM firing_executions
WHERE reactor_seq = ? AND sequence = ? ORDER BY workflow, subscription_id, replay`

// -- graphs

/** A new one, or one that is bound to another reactor than before, begins with the next firing. */
export const SAVE_GRAPH = `
INSERT INTO graphs (name, reactor, definition, created_at, done_sequence)
VALUES (?, ?, ?, ?, coalesce((SELECT last_sequence FROM reactors WHERE name = ?), 0))
ON CONFLICT (name) DO UPDATE
SET definition = excluded.definition, reactor = excluded.reactor,
    done_sequence = iif(reactor IS excluded.reactor, done_sequence, excluded.done_sequence)
WHERE definition <> excluded.definition`

export const FIND_BEHIND = `
SELECT graphs.seq, graphs.name AS graph, done_sequence, reactors.seq AS reactor_seq, reactors.name, reactors.key, last_sequence
FROM json_each(?) given JOIN graphs ON graphs.name = given.value JOIN reactors ON reactors.name = graphs.reactor
WHERE done_sequence < last_sequence`

export const MOVE_GRAPH = 'UPDATE graphs SET done_sequence = ? WHERE seq = ?'

export const FIND_GRAPH = 'SELECT seq FROM graphs WHERE name = ?'

export const COUNT_RUNS = `
UPDATE graphs
SET runs = runs + ?, failures = failures + ?, last_error = coalesce(?, last_error), last_error_at = coalesce(?, last_error_at)
WHERE seq = ?`

export const SAVE_LAST_RUN = `
INSERT INTO graph_last_runs (graph_seq, ran_at, firing_sequence, result, nodes) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (graph_seq) DO UPDATE
SET ran_at = excluded.ran_at, firing_sequence = excluded.firing_sequence, result = excluded.result, nodes = excluded.nodes`

const GRAPHS = `
SELECT definition, done_sequence, runs, failures, ran_at, firing_sequence, result, nodes, last_error, last_error_at,
       undeclared_at, created_at
FROM graphs LEFT JOIN graph_last_runs ON graph_seq = graphs.seq`

export const LIST_GRAPHS = `${GRAPHS} ORDER BY name`

export const GET_GRAPH = `${GRAPHS} WHERE name = ?`
