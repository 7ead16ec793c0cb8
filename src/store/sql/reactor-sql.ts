/** The SQL of reactors, their firings and the graphs that are bound to them. */

import { withNames } from './named.ts'
import type { Fragments } from './sql-fragments.ts'

const COLUMNS = withNames('seq, name, key, mode, last_sequence, last_fired_at, undeclared_at, created_at')

const INPUT_COLUMNS = withNames('reactor_seq, seq, source, value AS "valueText", value_at, sequence, dirty_from')

const FIRING_COLUMNS = withNames('sequence, fired_at, by_hand, causes, payload')

export const GET_REACTOR = `SELECT ${COLUMNS} FROM reactors WHERE name = $1`

export function reactorSql({ insertRows, isIn, lock, updateRows }: Fragments) {
  return {
    lock: `${GET_REACTOR} ${lock('reactors')}`,
    /** Locks the reactors in the order of their names, so that two deliveries never wait for each other. */
    lockReactorsOfSource: `
SELECT ${COLUMNS} FROM reactors
WHERE undeclared_at IS NULL AND seq IN (SELECT reactor_seq FROM reactor_inputs WHERE source = $1)
ORDER BY name ${lock('reactors')}`,
    setInput: updateRows('reactor_inputs', 'value text, value_at bigint, sequence bigint, dirty_from bigint'),
    setDirty: updateRows('reactor_inputs', 'dirty_from bigint'),
    countFirings: updateRows('reactors', 'last_sequence bigint, last_fired_at bigint'),
    insertFiring: insertRows(
      'reactor_firings',
      'reactor_seq bigint, sequence bigint, fired_at bigint, by_hand text, causes text, payload text',
    ),
    insertCause: insertRows(
      'firing_causes',
      'source text, reactor_seq bigint, last_sequence bigint, first_sequence bigint, firing_sequence bigint',
    ),

    lockGraphsBehind: `
SELECT graphs.seq, graphs.name AS graph, reactors.name, reactors.key,
       ${withNames('done_sequence, reactors.last_sequence')}, reactors.seq AS "reactorSeq"
FROM graphs JOIN reactors ON reactors.name = graphs.reactor
WHERE ${isIn('graphs.name', '$1', 'text')} AND done_sequence < reactors.last_sequence
ORDER BY graphs.name ${lock('graphs')}`,
    moveGraph: updateRows('graphs', 'done_sequence bigint'),
  }
}

export const GET_REACTOR_OF_KEY = `SELECT ${COLUMNS} FROM reactors WHERE key = $1`

export const LIST_REACTORS = `SELECT ${COLUMNS} FROM reactors ORDER BY name`

export const LIST_ALL_INPUTS = `SELECT ${INPUT_COLUMNS} FROM reactor_inputs ORDER BY reactor_seq, position`

export const LIST_INPUTS = `SELECT ${INPUT_COLUMNS} FROM reactor_inputs WHERE reactor_seq = $1 ORDER BY position`

/** All inputs of the reactors of a source. Must follow the statement that locks the reactors. */
export const LIST_INPUTS_BESIDE = `
SELECT ${INPUT_COLUMNS} FROM reactor_inputs
WHERE reactor_seq IN (SELECT reactor_seq FROM reactor_inputs WHERE source = $1) ORDER BY reactor_seq, position`

export const FIRINGS_AFTER = `
SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`

export const LIST_FIRINGS = `
SELECT ${FIRING_COLUMNS} FROM reactor_firings
WHERE reactor_seq = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3 OFFSET $4`

export const GET_FIRING = `SELECT ${FIRING_COLUMNS} FROM reactor_firings WHERE reactor_seq = $1 AND sequence = $2`

/** Selects the firing of each reactor that an event caused: causes of one source do not overlap. */
export const FIRINGS_OF_EVENT = `
SELECT reactors.name, reactors.key, ${FIRING_COLUMNS}
FROM reactors CROSS JOIN reactor_firings f
WHERE f.reactor_seq = reactors.seq AND f.sequence = (
  SELECT CASE WHEN first_sequence <= $2 THEN firing_sequence END FROM firing_causes
  WHERE source = $1 AND reactor_seq = reactors.seq AND last_sequence >= $2 ORDER BY last_sequence LIMIT 1)
ORDER BY f.fired_at DESC, reactors.name LIMIT $3`

export const LIST_FIRING_EXECUTIONS = `
SELECT ${withNames('subscription_id, workflow, execution_id')} FROM firing_executions
WHERE reactor_seq = $1 AND sequence = $2 ORDER BY workflow, subscription_id, replay`

export const COUNT_RUNS = `
UPDATE graphs
SET runs = runs + $2, failures = failures + $3, last_error = coalesce($4, last_error),
    last_error_at = coalesce($5, last_error_at)
WHERE name = $1`

export const SAVE_LAST_RUN = `
INSERT INTO graph_last_runs (graph_seq, ran_at, firing_sequence, result, nodes)
SELECT seq, CAST($2 AS bigint), CAST($3 AS bigint), CAST($4 AS text), CAST($5 AS text) FROM graphs WHERE name = $1
ON CONFLICT (graph_seq) DO UPDATE
SET ran_at = excluded.ran_at, firing_sequence = excluded.firing_sequence, result = excluded.result,
    nodes = excluded.nodes`

const GRAPHS = `
SELECT ${withNames(`
  definition, done_sequence, runs, failures, ran_at AS at, firing_sequence, result AS "resultText",
  nodes AS "nodesText", last_error, last_error_at, undeclared_at, created_at`)}
FROM graphs LEFT JOIN graph_last_runs ON graph_seq = graphs.seq`

export const LIST_GRAPHS = `${GRAPHS} ORDER BY name`

export const GET_GRAPH = `${GRAPHS} WHERE name = $1`
