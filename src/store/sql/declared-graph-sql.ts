/** The SQL of the sources, reactors and graphs that engines declare. */

import { declaredNameCondition, markUndeclared } from './instance-sql.ts'
import type { Fragments } from './sql-fragments.ts'

export function declaredGraphSql(fragments: Fragments) {
  const { insertRows, isEach, isIn, lock } = fragments
  const isDeclaredIn = declaredNameCondition(fragments, 'declared_graphs')
  const isDeclared = (kind: string) => isDeclaredIn(`'${kind} ' || name`)
  return {
    listAccumulations: `
SELECT name, accumulation FROM sources WHERE ${isEach('name', '$1', 'text')} ORDER BY name ${lock('sources')}`,
    forgetPositions: `
DELETE FROM stream_positions
WHERE source_seq IN (SELECT seq FROM sources WHERE ${isEach('name', '$1', 'text')})`,
    /** A row without a difference stays as it is, like in the next statements. */
    saveSource: `
${insertRows('sources', 'name text, accumulation text, description text, created_at bigint')}
ON CONFLICT (name) DO UPDATE SET accumulation = excluded.accumulation, description = excluded.description
WHERE (sources.accumulation, sources.description) IS DISTINCT FROM (excluded.accumulation, excluded.description)`,
    /** For sources that only reactors name. */
    nameSource: `${insertRows('sources', 'name text, created_at bigint')} ON CONFLICT (name) DO NOTHING`,
    saveReactor: `
${insertRows('reactors', 'name text, key text, mode text, created_at bigint')}
ON CONFLICT (name) DO UPDATE SET mode = excluded.mode WHERE reactors.mode <> excluded.mode`,
    listReactorSeqs: `SELECT seq, name FROM reactors WHERE ${isEach('name', '$1', 'text')}`,
    /** The value of an input stays. */
    saveInput: `
${insertRows('reactor_inputs', 'reactor_seq bigint, source text, position integer')}
ON CONFLICT (reactor_seq, source) DO UPDATE SET position = excluded.position
WHERE reactor_inputs.position <> excluded.position`,
    /** Values: the reactor, a list of the sources that it still has. */
    forgetInputs: `DELETE FROM reactor_inputs WHERE reactor_seq = $1 AND NOT ${isIn('source', '$2', 'text')}`,

    markUndeclared: [
      markUndeclared('sources', `${isDeclared('source')} OR ${isDeclared('listed')}`),
      markUndeclared('reactors', isDeclared('reactor')),
      markUndeclared('graphs', isDeclared('graph')),
    ],
    /** The function of a source is gone, but reactors still name the source. Value: list of dead engines. */
    forgetFunctions: `
UPDATE sources SET accumulation = NULL, description = ''
WHERE accumulation IS NOT NULL AND NOT ${isDeclared('source')} AND ${isDeclared('listed')}`,
  }
}

/** A new graph, and one that is bound to another reactor than before, begins with the next firing. */
export const SAVE_GRAPH = `
INSERT INTO graphs (name, reactor, definition, created_at, done_sequence)
VALUES (CAST($1 AS text), CAST($2 AS text), $3, $4,
        coalesce((SELECT last_sequence FROM reactors WHERE name = CAST($2 AS text)), 0))
ON CONFLICT (name) DO UPDATE
SET definition = excluded.definition, reactor = excluded.reactor,
    done_sequence = CASE WHEN graphs.reactor IS NOT DISTINCT FROM excluded.reactor THEN graphs.done_sequence
                    ELSE excluded.done_sequence END
WHERE graphs.definition <> excluded.definition`
