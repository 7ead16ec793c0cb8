/** What the code of living processes declares of sources, reactors and graphs. Each function is part of one step. */

import type { DeclaredGraphs } from '../../../engine/ports.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../../../model/graphs/definitions.ts'
import { isOtherStream, listedNames } from '../../graphs/declared-names.ts'
import { newReactorKey } from '../../graphs/firing-ids.ts'
import type { Connection } from '../file/connection.ts'
import { FORGET_INPUTS, GET_REACTOR, SAVE_GRAPH, SAVE_INPUT, SAVE_REACTOR } from './reactor-queries.ts'
import { FORGET_POSITIONS, GET_ACCUMULATION, NAME_SOURCE, SAVE_SOURCE } from './source-queries.ts'

const SET_DECLARED = 'UPDATE instances SET declared_graphs = ? WHERE id = ?'

/** Of all instances but some, which are dead. */
const WITH_DECLARED = `
WITH declared (text) AS (
  SELECT json_each.value FROM instances, json_each(instances.declared_graphs)
  WHERE instances.seq NOT IN (SELECT dead.value FROM json_each(?) dead))`

const isDeclared = (kind: string) => `'${kind} ' || name IN (SELECT text FROM declared)`

const IS_NAMED = `(${isDeclared('source')} OR ${isDeclared('listed')})`

/** By table: whether a living instance declares the row. */
const TABLES = [
  ['sources', IS_NAMED],
  ['reactors', isDeclared('reactor')],
  ['graphs', isDeclared('graph')],
]

/** Values: JSON of the instances whose word does not count, the instant. */
const MARKS = TABLES.map(
  ([table, is]) => `${WITH_DECLARED} UPDATE ${table} SET undeclared_at = ? WHERE undeclared_at IS NULL AND NOT ${is}`,
)

const UNMARKS = [
  ...TABLES.map(
    ([table, is]) =>
      `${WITH_DECLARED} UPDATE ${table} SET undeclared_at = NULL WHERE undeclared_at IS NOT NULL AND ${is}`,
  ),
  // The function is gone, and reactors still name the source.
  `${WITH_DECLARED} UPDATE sources SET accumulation = NULL, description = ''
   WHERE accumulation IS NOT NULL AND NOT ${isDeclared('source')} AND ${isDeclared('listed')}`,
]

export function saveDeclared(connection: Connection, { sources, reactors, graphs }: DeclaredGraphs, at: number): void {
  for (const source of sources) saveSource(connection, source, at)
  for (const name of listedNames(reactors)) connection.run(NAME_SOURCE, name, at)
  for (const reactor of reactors) saveReactor(connection, reactor, at)
  for (const graph of graphs) saveGraph(connection, graph, at)
}

/** `deadSeqs`: of instances whose word does not count. */
export function markUndeclared(
  connection: Connection,
  instanceId: string,
  names: readonly string[],
  at: number,
  deadSeqs: readonly number[],
): void {
  connection.run(SET_DECLARED, JSON.stringify(names), instanceId)
  const dead = JSON.stringify(deadSeqs)
  for (const mark of MARKS) connection.run(mark, dead, at)
  for (const unmark of UNMARKS) connection.run(unmark, dead)
}

function saveSource(connection: Connection, { name, accumulation, description }: SourceDefinition, at: number): void {
  const stored = connection.one<{ readonly accumulation: string | null }>(GET_ACCUMULATION, name)
  if (isOtherStream(stored?.accumulation ?? null, accumulation)) connection.run(FORGET_POSITIONS, name)
  connection.run(SAVE_SOURCE, name, JSON.stringify(accumulation), description, at)
}

function saveReactor(connection: Connection, { name, sources, mode }: ReactorDefinition, at: number): void {
  connection.run(SAVE_REACTOR, name, newReactorKey(connection.newId), mode, at)
  const seq = connection.one<{ readonly seq: number }>(GET_REACTOR, name)?.seq ?? 0
  connection.run(FORGET_INPUTS, seq, JSON.stringify(sources))
  for (const [position, source] of sources.entries()) connection.run(SAVE_INPUT, seq, source, position)
}

function saveGraph(connection: Connection, graph: GraphDefinition, at: number): void {
  const { name, reactor } = graph
  connection.run(SAVE_GRAPH, name, reactor, JSON.stringify(graph), at, reactor)
}
