/** What happens to the firings of reactors, and to graphs. Each function is the body of one step and runs in its transaction. */

import type { FiringDetail, FiringExecution, GraphClaim, GraphRuns, PageAfter } from '../../../engine/ports.ts'
import type { GraphRow, ReactorFiring, ReactorRow } from '../../../model/graphs/rows.ts'
import { FIRINGS_TEXT_CHARS, TextLimit } from '../../graphs/acceptance.ts'
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
import type { Connection } from '../file/connection.ts'
import {
  CAUSED_BY,
  COUNT_RUNS,
  FIND_BEHIND,
  FIND_GRAPH,
  FIRINGS_AFTER,
  GET_FIRING,
  GET_GRAPH,
  GET_REACTOR,
  GET_REACTOR_OF_KEY,
  LIST_FIRING_EXECUTIONS,
  LIST_FIRINGS,
  LIST_GRAPHS,
  LIST_INPUTS,
  LIST_REACTORS,
  MOVE_GRAPH,
  SAVE_LAST_RUN,
} from './reactor-queries.ts'

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

/** Those behind a sequence, oldest first: at most so many, and less where their texts are long. */
export function firingsAfter(
  connection: Connection,
  reactorSeq: number,
  sequence: number,
  limit: number,
): readonly FiringRecord[] {
  const records: FiringRecord[] = []
  const texts = new TextLimit(FIRINGS_TEXT_CHARS)
  for (const record of connection.each<FiringRecord>(FIRINGS_AFTER, reactorSeq, sequence, limit)) {
    if (!texts.takes(record.payload)) break
    records.push(record)
  }
  return records
}

/** Firings that are not kept any more are passed over. */
export function claimRuns(connection: Connection, graphs: readonly string[], limit: number): readonly GraphClaim[] {
  return connection.all<BehindRecord>(FIND_BEHIND, JSON.stringify(graphs)).flatMap((behind) => {
    const records = firingsAfter(connection, behind.reactor_seq, behind.done_sequence, limit)
    connection.run(MOVE_GRAPH, records.at(-1)?.sequence ?? behind.last_sequence, behind.seq)
    if (records.length === 0) return []
    return { graph: behind.graph, firings: records.map((record) => reactorFiring(behind, record)) }
  })
}

export function recordRuns(connection: Connection, reported: readonly GraphRuns[]): void {
  for (const { graph, runs, failures, lastRun, error } of reported) {
    const seq = connection.one<{ readonly seq: number }>(FIND_GRAPH, graph)?.seq
    if (seq === undefined) continue
    connection.run(COUNT_RUNS, runs, failures, faultText(error?.error ?? null), error?.at ?? null, seq)
    if (lastRun === null) continue
    const { at, firingSequence, resultText, nodesText } = lastRun
    connection.run(SAVE_LAST_RUN, seq, at, firingSequence, resultText, nodesText)
  }
}

export function listReactors(connection: Connection): readonly ReactorRow[] {
  return connection.all<ReactorRecord>(LIST_REACTORS).map((record) => withInputs(connection, record))
}

export function getReactor(connection: Connection, name: string): ReactorRow | null {
  const record = connection.one<ReactorRecord>(GET_REACTOR, name)
  return record === undefined ? null : withInputs(connection, record)
}

function withInputs(connection: Connection, record: ReactorRecord): ReactorRow {
  return reactorRow(record, connection.all<InputRecord>(LIST_INPUTS, record.seq))
}

export function listReactorFirings(connection: Connection, name: string, page: PageAfter): readonly ReactorFiring[] {
  const reactor = connection.one<ReactorRecord>(GET_REACTOR, name)
  if (reactor === undefined) return []
  const { limit, offset, after } = page
  const place = after === undefined ? { key: reactor.key, sequence: Number.MAX_SAFE_INTEGER } : firingPlace(after)
  if (place?.key !== reactor.key) return []
  const records = connection.all<FiringRecord>(LIST_FIRINGS, reactor.seq, place.sequence, limit, offset)
  return records.map((record) => reactorFiring(reactor, record))
}

export function getFiring(connection: Connection, id: string): FiringDetail | null {
  const place = firingPlace(id)
  const reactor = place === null ? undefined : connection.one<ReactorRecord>(GET_REACTOR_OF_KEY, place.key)
  if (place === null || reactor === undefined) return null
  const record = connection.one<FiringRecord>(GET_FIRING, reactor.seq, place.sequence)
  if (record === undefined) return null
  const executions = connection.all<FiringExecutionRecord>(LIST_FIRING_EXECUTIONS, reactor.seq, place.sequence)
  return { firing: reactorFiring(reactor, record), executions: executions.map(firingExecution) }
}

function firingExecution(record: FiringExecutionRecord): FiringExecution {
  return { subscriptionId: record.subscription_id, workflow: record.workflow, executionId: record.execution_id }
}

/** At most one of each reactor. */
export function firingsOf(
  connection: Connection,
  source: string,
  sequence: number,
  limit: number,
): readonly ReactorFiring[] {
  const firings = connection.all<ReactorRecord>(LIST_REACTORS).flatMap((reactor) => {
    const cause = connection.one<{ readonly first_sequence: number; readonly firing_sequence: number }>(
      CAUSED_BY,
      source,
      reactor.seq,
      sequence,
    )
    if (cause === undefined || cause.first_sequence > sequence) return []
    const record = connection.one<FiringRecord>(GET_FIRING, reactor.seq, cause.firing_sequence)
    return record === undefined ? [] : reactorFiring(reactor, record)
  })
  return firings.sort((one, other) => other.firedAt - one.firedAt).slice(0, limit)
}

export function listGraphs(connection: Connection): readonly GraphRow[] {
  return connection.all<GraphRecord>(LIST_GRAPHS).map(graphRow)
}

export function getGraph(connection: Connection, name: string): GraphRow | null {
  const record = connection.one<GraphRecord>(GET_GRAPH, name)
  return record === undefined ? null : graphRow(record)
}
