/** Steps of the firings of reactors, and of graphs. See the methods of the port that have the same names. */

import type { FiringDetail, FiringExecution, GraphClaim, GraphRuns, PageAfter } from '../../../engine/ports.ts'
import type { GraphRow, ReactorFiring, ReactorRow } from '../../../model/graphs/rows.ts'
import { firingPlace } from '../../graphs/firing-ids.ts'
import {
  type FiringRecord,
  type GraphRecord,
  graphRow,
  type InputRecord,
  type ReactorRecord,
  reactorFiring,
  reactorRow,
} from '../../graphs/rows.ts'
import { faultText } from '../../rows.ts'
import type { Reply, Session, Step } from '../../session.ts'
import {
  COUNT_RUNS,
  FIRINGS_AFTER,
  FIRINGS_OF_EVENT,
  GET_FIRING,
  GET_GRAPH,
  GET_REACTOR,
  GET_REACTOR_OF_KEY,
  LIST_ALL_INPUTS,
  LIST_FIRING_EXECUTIONS,
  LIST_FIRINGS,
  LIST_GRAPHS,
  LIST_INPUTS,
  LIST_REACTORS,
  SAVE_LAST_RUN,
} from '../../sql/reactors.ts'

interface BehindRecord {
  readonly seq: number
  readonly graph: string
  readonly done_sequence: number
  readonly reactor_seq: number
  readonly name: string
  readonly key: string
  readonly last_sequence: number
}

interface FiringExecutionRecord {
  readonly subscription_id: string
  readonly workflow: string
  readonly execution_id: string
}

/** Lists of state accumulators may be long. */
const FIRINGS_TEXTS = { column: 'payload', maxChars: 4_000_000 } as const

/** Firings after a sequence, oldest first: at most `limit`, and fewer if their texts are long. */
export function firingsAfter(
  session: Session,
  reactorSeq: number,
  sequence: number,
  limit: number,
): Reply<FiringRecord[]> {
  return session.allWithin<FiringRecord>(FIRINGS_TEXTS, FIRINGS_AFTER, reactorSeq, sequence, limit)
}

/** Passes over firings that were removed. */
export function* claimRuns(session: Session, graphs: readonly string[], limit: number): Step<readonly GraphClaim[]> {
  const { lockGraphsBehind, moveGraph } = session.sql.reactors
  const behind = yield* session.all<BehindRecord>(lockGraphsBehind, graphs)
  const replies = behind.map((graph) => {
    return { graph, reply: firingsAfter(session, graph.reactor_seq, graph.done_sequence, limit) }
  })
  const claims: GraphClaim[] = []
  const marks: (readonly number[])[] = []
  for (const { graph, reply } of replies) {
    const records = yield* reply
    marks.push([graph.seq, records.at(-1)?.sequence ?? graph.last_sequence])
    if (records.length === 0) continue
    claims.push({ graph: graph.graph, firings: records.map((record) => reactorFiring(graph, record)) })
  }
  session.each(moveGraph, marks)
  return claims
}

export function* recordRuns(session: Session, reported: readonly GraphRuns[]): Step<void> {
  for (const { graph, runs, failures, lastRun, error } of reported) {
    session.run(COUNT_RUNS, graph, runs, failures, faultText(error?.error ?? null), error?.at ?? null)
    if (lastRun === null) continue
    const { at, firingSequence, resultText, nodesText } = lastRun
    session.run(SAVE_LAST_RUN, graph, at, firingSequence, resultText, nodesText)
  }
}

export function* listReactors(session: Session): Step<readonly ReactorRow[]> {
  const reactors = session.all<ReactorRecord>(LIST_REACTORS)
  const inputs = yield* session.all<InputRecord & { readonly reactor_seq: number }>(LIST_ALL_INPUTS)
  return (yield* reactors).map((reactor) => {
    const own = inputs.filter(({ reactor_seq }) => reactor_seq === reactor.seq)
    return reactorRow(reactor, own)
  })
}

export function* getReactor(session: Session, name: string): Step<ReactorRow | null> {
  const record = yield* session.one<ReactorRecord>(GET_REACTOR, name)
  return record === undefined ? null : reactorRow(record, yield* session.all<InputRecord>(LIST_INPUTS, record.seq))
}

export function* listReactorFirings(
  session: Session,
  name: string,
  { limit, offset, after }: PageAfter,
): Step<readonly ReactorFiring[]> {
  const reactor = yield* session.one<ReactorRecord>(GET_REACTOR, name)
  if (reactor === undefined) return []
  const place = after === undefined ? { key: reactor.key, sequence: Number.MAX_SAFE_INTEGER } : firingPlace(after)
  if (place?.key !== reactor.key) return []
  const records = yield* session.all<FiringRecord>(LIST_FIRINGS, reactor.seq, place.sequence, limit, offset)
  return records.map((record) => reactorFiring(reactor, record))
}

export function* getFiring(session: Session, id: string): Step<FiringDetail | null> {
  const place = firingPlace(id)
  if (place === null) return null
  const reactor = yield* session.one<ReactorRecord>(GET_REACTOR_OF_KEY, place.key)
  if (reactor === undefined) return null
  const found = session.one<FiringRecord>(GET_FIRING, reactor.seq, place.sequence)
  const executions = yield* session.all<FiringExecutionRecord>(LIST_FIRING_EXECUTIONS, reactor.seq, place.sequence)
  const record = yield* found
  if (record === undefined) return null
  return { firing: reactorFiring(reactor, record), executions: executions.map(firingExecution) }
}

function firingExecution(record: FiringExecutionRecord): FiringExecution {
  return { subscriptionId: record.subscription_id, workflow: record.workflow, executionId: record.execution_id }
}

/** At most one of each reactor. */
export function* firingsOf(
  session: Session,
  source: string,
  sequence: number,
  limit: number,
): Step<readonly ReactorFiring[]> {
  type Row = FiringRecord & Pick<ReactorRecord, 'name' | 'key'>
  const records = yield* session.all<Row>(FIRINGS_OF_EVENT, source, sequence, limit)
  return records.map((record) => reactorFiring(record, record))
}

export function* listGraphs(session: Session): Step<readonly GraphRow[]> {
  return (yield* session.all<GraphRecord>(LIST_GRAPHS)).map(graphRow)
}

export function* getGraph(session: Session, name: string): Step<GraphRow | null> {
  const record = yield* session.one<GraphRecord>(GET_GRAPH, name)
  return record === undefined ? null : graphRow(record)
}
