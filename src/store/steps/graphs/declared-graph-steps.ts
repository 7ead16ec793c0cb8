/** Steps of the sources, reactors and graphs that engines declare. */

import type { DeclaredGraphs } from '../../../engine/graphs/graph-store.ts'
import type { Accumulation } from '../../../model/graphs/definitions.ts'
import { newReactorKey } from '../../../model/graphs/firing-ids.ts'
import { SAVE_GRAPH } from '../../sql/declared-graph-sql.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'

interface Named {
  readonly name: string
}

export function declaredNames({ sources, reactors, graphs }: DeclaredGraphs): readonly string[] {
  return [
    ...sources.map(({ name }) => `source ${name}`),
    ...listedNames(reactors).map((name) => `listed ${name}`),
    ...reactors.map(({ name }) => `reactor ${name}`),
    ...graphs.map(({ name }) => `graph ${name}`),
  ]
}

function listedNames(reactors: DeclaredGraphs['reactors']): readonly string[] {
  return [...new Set(reactors.flatMap(({ sources }) => sources))]
}

/** Rows are saved in the order of their names, so that two engines do not wait for each other. */
export function* saveDeclared(session: Session, { sources, reactors, graphs }: DeclaredGraphs, at: number): Step<void> {
  yield* saveSources(session, sources, at)
  const listed = [...listedNames(reactors)].sort().map((name) => [name, at])
  session.each(session.sql.declaredGraphs.nameSource, listed)
  yield* saveReactors(session, reactors, at)
  for (const graph of byName(graphs)) {
    session.run(SAVE_GRAPH, graph.name, graph.reactor, JSON.stringify(graph), at)
  }
}

/** Stores the names that an engine declares, and marks the rows that no living engine declares. */
export function markUndeclared(
  session: Session,
  instanceId: string,
  names: readonly string[],
  at: number,
  deadSeqs: readonly number[],
): void {
  const { markUndeclared, forgetFunctions } = session.sql.declaredGraphs
  session.run('UPDATE instances SET declared_graphs = $1 WHERE id = $2', names, instanceId)
  for (const mark of markUndeclared) session.run(mark, deadSeqs, at)
  session.run(forgetFunctions, deadSeqs)
}

function* saveSources(session: Session, sources: DeclaredGraphs['sources'], at: number): Step<void> {
  const { forgetPositions, listAccumulations, saveSource } = session.sql.declaredGraphs
  const names = toRows(sources.map(({ name }) => name))
  const stored = yield* session.allEach<Named & { readonly accumulation: string | null }>(listAccumulations, names)
  const before = new Map(stored.map(({ name, accumulation }) => [name, accumulation]))
  const moved = sources.filter(({ name, accumulation }) => isOtherStream(before.get(name) ?? null, accumulation))
  const rows = byName(sources).map(({ name, accumulation, description }) => {
    return [name, JSON.stringify(accumulation), description, at]
  })
  session.each(forgetPositions, toRows(moved.map(({ name }) => name)))
  session.each(saveSource, rows)
}

/** Whether the declared stream differs from the stored one. Positions of one stream mean nothing in another. */
function isOtherStream(stored: string | null, declared: Accumulation): boolean {
  const before = stored === null ? null : (JSON.parse(stored) as Accumulation)
  if (before?.kind !== 'stream') return false
  return declared.kind !== 'stream' || before.type !== declared.type || before.topic !== declared.topic
}

function* saveReactors(session: Session, reactors: DeclaredGraphs['reactors'], at: number): Step<void> {
  const { forgetInputs, listReactorSeqs, saveInput, saveReactor } = session.sql.declaredGraphs
  const sorted = byName(reactors)
  const rows = sorted.map(({ name, mode }) => [name, newReactorKey(session.newId), mode, at])
  const names = toRows(sorted.map(({ name }) => name))
  session.each(saveReactor, rows)
  const stored = yield* session.allEach<Named & { readonly seq: number }>(listReactorSeqs, names)
  const seqs = new Map(stored.map(({ name, seq }) => [name, seq]))
  const inputs = sorted.flatMap(({ name, sources }) =>
    sources.map((source, position) => [seqs.get(name) ?? 0, source, position]),
  )
  for (const { name, sources } of sorted) session.run(forgetInputs, seqs.get(name) ?? 0, sources)
  session.each(saveInput, inputs)
}

function byName<Item extends Named>(items: readonly Item[]): readonly Item[] {
  return [...items].sort((one, other) => (one.name < other.name ? -1 : 1))
}
