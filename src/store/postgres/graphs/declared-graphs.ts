/** What the code of living processes declares of sources, reactors and graphs. Each function is part of one step. */

import type { DeclaredGraphs } from '../../../engine/ports.ts'
import { isOtherStream, listedNames } from '../../graphs/declared-names.ts'
import { newReactorKey } from '../../graphs/firing-ids.ts'
import type { Session } from '../session/session.ts'
import { FORGET_INPUTS, SAVE_GRAPHS, SAVE_INPUTS, SAVE_REACTORS } from './reactor-queries.ts'
import { FORGET_POSITIONS, LIST_ACCUMULATIONS, NAME_SOURCES, SAVE_SOURCES } from './source-queries.ts'

const SET_DECLARED = 'UPDATE instances SET declared_graphs = $1::text[] WHERE id = $2'

/** Of all instances but some, which are dead. */
const WITH_DECLARED = `
WITH declared AS (SELECT unnest(declared_graphs) AS text FROM instances WHERE seq <> ALL ($1::bigint[]))`

const isDeclared = (kind: string) => `'${kind} ' || name IN (SELECT text FROM declared)`

const IS_NAMED = `(${isDeclared('source')} OR ${isDeclared('listed')})`

/** By table: whether a living instance declares the row. */
const TABLES = [
  ['sources', IS_NAMED],
  ['reactors', isDeclared('reactor')],
  ['graphs', isDeclared('graph')],
]

/** Values: the instances whose word does not count, the instant. */
const MARKS = TABLES.map(
  ([table, is]) => `${WITH_DECLARED} UPDATE ${table} SET undeclared_at = $2 WHERE undeclared_at IS NULL AND NOT ${is}`,
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

/** `deadSeqs`: engines whose declarations are ignored. */
export async function markUndeclared(
  session: Session,
  instanceId: string,
  names: readonly string[],
  at: number,
  deadSeqs: readonly number[],
): Promise<void> {
  await session.run(SET_DECLARED, names, instanceId)
  for (const mark of MARKS) await session.run(mark, deadSeqs, at)
  for (const unmark of UNMARKS) await session.run(unmark, deadSeqs)
}

export async function saveDeclared(session: Session, declared: DeclaredGraphs, at: number): Promise<void> {
  await saveSources(session, declared, at)
  await saveReactors(session, declared.reactors, at)
  const graphs = [...declared.graphs]
  if (graphs.length === 0) return
  const definitions = graphs.map((graph) => JSON.stringify(graph))
  await session.run(
    SAVE_GRAPHS,
    namesOf(graphs),
    graphs.map(({ reactor }) => reactor),
    definitions,
    at,
  )
}

async function saveSources(session: Session, { sources, reactors }: DeclaredGraphs, at: number): Promise<void> {
  const stored = await session.all<{ readonly name: string; readonly accumulation: string | null }>(
    LIST_ACCUMULATIONS,
    namesOf(sources),
  )
  const before = new Map(stored.map(({ name, accumulation }) => [name, accumulation]))
  const moved = sources.filter(({ name, accumulation }) => isOtherStream(before.get(name) ?? null, accumulation))
  if (moved.length > 0) await session.run(FORGET_POSITIONS, namesOf(moved))
  const accumulations = sources.map(({ accumulation }) => JSON.stringify(accumulation))
  if (sources.length > 0) {
    await session.run(
      SAVE_SOURCES,
      namesOf(sources),
      accumulations,
      sources.map(({ description }) => description),
      at,
    )
  }
  const listed = listedNames(reactors)
  if (listed.length > 0) await session.run(NAME_SOURCES, listed, at)
}

async function saveReactors(session: Session, reactors: DeclaredGraphs['reactors'], at: number): Promise<void> {
  if (reactors.length === 0) return
  const keys = reactors.map(() => newReactorKey(session.newId))
  await session.run(
    SAVE_REACTORS,
    namesOf(reactors),
    keys,
    reactors.map(({ mode }) => mode),
    at,
  )
  const inputs = reactors.flatMap(({ name, sources }) =>
    sources.map((source, position) => ({ name, source, position })),
  )
  const sources = inputs.map(({ source }) => source)
  await session.run(FORGET_INPUTS, namesOf(inputs), sources)
  await session.run(
    SAVE_INPUTS,
    namesOf(inputs),
    sources,
    inputs.map(({ position }) => position),
  )
}

function namesOf(named: readonly { readonly name: string }[]): readonly string[] {
  return named.map(({ name }) => name)
}
