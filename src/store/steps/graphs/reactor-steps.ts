/** Steps of the firings of reactors, and of graphs. See the methods of the port that have the same names. */

import type { FiringDetail, FiringExecution, GraphClaim, GraphRuns } from '../../../engine/graphs/graph-store.ts'
import type { PageAfter } from '../../../engine/store-ports.ts'
import type { GraphDefinition } from '../../../model/graphs/definitions.ts'
import { firingPlace } from '../../../model/graphs/firing-ids.ts'
import type { GraphRow, GraphRun, ReactorFiring, ReactorRow } from '../../../model/graphs/graph-model-rows.ts'
import * as sql from '../../sql/reactor-sql.ts'
import { fault, faultText, type Stored } from '../../store-rows.ts'
import type { Reply, Session, Step } from '../../store-session.ts'
import { type FiringRecord, type InputRecord, type ReactorRecord, reactorFiring } from './graph-rows.ts'

interface BehindRecord extends Pick<ReactorRecord, 'seq' | 'name' | 'key' | 'lastSequence'> {
  readonly graph: string
  readonly doneSequence: number
  readonly reactorSeq: number
}

/** `at` to `nodesText`: the last run, or null. */
interface GraphRecord extends Stored<Omit<GraphRow, 'definition' | 'lastRun'>, 'lastError'> {
  readonly definition: string
  readonly at: number | null
  readonly firingSequence: number | null
  readonly resultText: GraphRun['resultText']
  readonly nodesText: string | null
}

/** Maximum length of all payloads of a list, because the lists of state accumulators may be long. */
const FIRINGS_TEXTS = { column: 'payload', maxChars: 4_000_000 } as const

/** Reads firings after a sequence, oldest first: at most `limit`, and fewer if their texts are long. */
export function firingsAfter(
  session: Session,
  reactorSeq: number,
  sequence: number,
  limit: number,
): Reply<FiringRecord[]> {
  return session.allWithin<FiringRecord>(FIRINGS_TEXTS, sql.FIRINGS_AFTER, reactorSeq, sequence, limit)
}

/** Claims runs of graphs. Passes over firings that were removed. */
export function* claimRuns(session: Session, graphs: readonly string[], limit: number): Step<readonly GraphClaim[]> {
  const { lockGraphsBehind, moveGraph } = session.sql.reactors
  const behind = yield* session.all<BehindRecord>(lockGraphsBehind, graphs)
  const replies = behind.map((graph) => {
    return { graph, reply: firingsAfter(session, graph.reactorSeq, graph.doneSequence, limit) }
  })
  const claims: GraphClaim[] = []
  const marks: (readonly number[])[] = []
  for (const { graph, reply } of replies) {
    const records = yield* reply
    marks.push([graph.seq, records.at(-1)?.sequence ?? graph.lastSequence])
    if (records.length === 0) continue
    claims.push({ graph: graph.graph, firings: records.map((record) => reactorFiring(graph, record)) })
  }
  session.each(moveGraph, marks)
  return claims
}

export function* recordRuns(session: Session, reported: readonly GraphRuns[]): Step<void> {
  for (const { graph, runs, failures, lastRun, error } of reported) {
    session.run(sql.COUNT_RUNS, graph, runs, failures, faultText(error?.error ?? null), error?.at ?? null)
    if (lastRun === null) continue
    const { at, firingSequence, resultText, nodesText } = lastRun
    session.run(sql.SAVE_LAST_RUN, graph, at, firingSequence, resultText, nodesText)
  }
}

export function* listReactors(session: Session): Step<readonly ReactorRow[]> {
  const reactors = session.all<ReactorRecord>(sql.LIST_REACTORS)
  const inputs = yield* session.all<InputRecord & { readonly reactorSeq: number }>(sql.LIST_ALL_INPUTS)
  const inputsOf = Map.groupBy(inputs, ({ reactorSeq }) => reactorSeq)
  return (yield* reactors).map((reactor) => reactorRow(reactor, inputsOf.get(reactor.seq) ?? []))
}

export function* getReactor(session: Session, name: string): Step<ReactorRow | null> {
  const record = yield* session.one<ReactorRecord>(sql.GET_REACTOR, name)
  return record === undefined ? null : reactorRow(record, yield* session.all<InputRecord>(sql.LIST_INPUTS, record.seq))
}

function reactorRow({ seq: _, key: _key, ...row }: ReactorRecord, inputs: readonly InputRecord[]): ReactorRow {
  return {
    ...row,
    inputs: inputs.map(({ source, valueText, valueAt, sequence, dirtyFrom }) => {
      return { source, valueText, valueAt, sequence, isDirty: dirtyFrom !== null }
    }),
  }
}

export function* listReactorFirings(
  session: Session,
  name: string,
  { limit, offset, after }: PageAfter,
): Step<readonly ReactorFiring[]> {
  const reactor = yield* session.one<ReactorRecord>(sql.GET_REACTOR, name)
  if (reactor === undefined) return []
  const place = after === undefined ? { key: reactor.key, sequence: Number.MAX_SAFE_INTEGER } : firingPlace(after)
  if (place?.key !== reactor.key) return []
  const records = yield* session.all<FiringRecord>(sql.LIST_FIRINGS, reactor.seq, place.sequence, limit, offset)
  return records.map((record) => reactorFiring(reactor, record))
}

export function* getFiring(session: Session, id: string): Step<FiringDetail | null> {
  const place = firingPlace(id)
  if (place === null) return null
  const reactor = yield* session.one<ReactorRecord>(sql.GET_REACTOR_OF_KEY, place.key)
  if (reactor === undefined) return null
  const found = session.one<FiringRecord>(sql.GET_FIRING, reactor.seq, place.sequence)
  const executions = yield* session.all<FiringExecution>(sql.LIST_FIRING_EXECUTIONS, reactor.seq, place.sequence)
  const record = yield* found
  if (record === undefined) return null
  return { firing: reactorFiring(reactor, record), executions }
}

/** Reads at most one firing of each reactor. */
export function* readFirings(
  session: Session,
  source: string,
  sequence: number,
  limit: number,
): Step<readonly ReactorFiring[]> {
  type Row = FiringRecord & Pick<ReactorRecord, 'name' | 'key'>
  const records = yield* session.all<Row>(sql.FIRINGS_OF_EVENT, source, sequence, limit)
  return records.map((record) => reactorFiring(record, record))
}

export function* listGraphs(session: Session): Step<readonly GraphRow[]> {
  return (yield* session.all<GraphRecord>(sql.LIST_GRAPHS)).map(graphRow)
}

export function* getGraph(session: Session, name: string): Step<GraphRow | null> {
  const record = yield* session.one<GraphRecord>(sql.GET_GRAPH, name)
  return record === undefined ? null : graphRow(record)
}

function graphRow({ at, firingSequence, resultText, nodesText, ...record }: GraphRecord): GraphRow {
  const hasRun = at !== null && firingSequence !== null
  return {
    ...record,
    definition: JSON.parse(record.definition) as GraphDefinition,
    lastRun: hasRun ? { at, firingSequence, resultText, nodesText: nodesText ?? '{}' } : null,
    lastError: fault(record.lastError),
  }
}
