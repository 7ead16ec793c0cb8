/** What happens to the firings of reactors, and to graphs. Each function is the body of one step and runs in its transaction. */

import type { FiringDetail, FiringExecution, GraphClaim, GraphRuns, PageAfter } from '../../../engine/ports.ts'
import type { GraphRow, ReactorFiring, ReactorRow } from '../../../model/graphs/rows.ts'
import { FIRINGS_TEXT_CHARS } from '../../graphs/acceptance.ts'
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
import type { Session } from '../session/session.ts'
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
  LOCK_BEHIND,
  MOVE_GRAPHS,
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

/** Firings that are not kept any more are passed over. */
export async function claimRuns(
  session: Session,
  graphs: readonly string[],
  limit: number,
): Promise<readonly GraphClaim[]> {
  const behind = await session.all<BehindRecord>(LOCK_BEHIND, graphs)
  if (behind.length === 0) return []
  const claims = await Promise.all(
    behind.map(async (graph) => ({
      graph,
      records: await session.all<FiringRecord>(
        FIRINGS_AFTER,
        graph.reactor_seq,
        graph.done_sequence,
        limit,
        FIRINGS_TEXT_CHARS,
      ),
    })),
  )
  const marks = claims.map(({ graph, records }) => records.at(-1)?.sequence ?? graph.last_sequence)
  await session.run(
    MOVE_GRAPHS,
    behind.map(({ seq }) => seq),
    marks,
  )
  return claims.flatMap(({ graph, records }) => {
    if (records.length === 0) return []
    return { graph: graph.graph, firings: records.map((record) => reactorFiring(graph, record)) }
  })
}

export async function recordRuns(session: Session, reported: readonly GraphRuns[]): Promise<void> {
  for (const { graph, runs, failures, lastRun, error } of reported) {
    await session.run(COUNT_RUNS, graph, runs, failures, faultText(error?.error ?? null), error?.at ?? null)
    if (lastRun === null) continue
    const { at, firingSequence, resultText, nodesText } = lastRun
    await session.run(SAVE_LAST_RUN, graph, at, firingSequence, resultText, nodesText)
  }
}

export async function listReactors(session: Session): Promise<readonly ReactorRow[]> {
  const [reactors, inputs] = await Promise.all([
    session.all<ReactorRecord>(LIST_REACTORS),
    session.all<InputRecord & { readonly reactor_seq: number }>(LIST_ALL_INPUTS),
  ])
  return reactors.map((reactor) =>
    reactorRow(
      reactor,
      inputs.filter(({ reactor_seq }) => reactor_seq === reactor.seq),
    ),
  )
}

export async function getReactor(session: Session, name: string): Promise<ReactorRow | null> {
  const record = await session.one<ReactorRecord>(GET_REACTOR, name)
  return record === undefined ? null : reactorRow(record, await session.all<InputRecord>(LIST_INPUTS, record.seq))
}

export async function listReactorFirings(
  session: Session,
  name: string,
  { limit, offset, after }: PageAfter,
): Promise<readonly ReactorFiring[]> {
  const reactor = await session.one<ReactorRecord>(GET_REACTOR, name)
  if (reactor === undefined) return []
  const place = after === undefined ? { key: reactor.key, sequence: Number.MAX_SAFE_INTEGER } : firingPlace(after)
  if (place?.key !== reactor.key) return []
  const records = await session.all<FiringRecord>(LIST_FIRINGS, reactor.seq, place.sequence, limit, offset)
  return records.map((record) => reactorFiring(reactor, record))
}

export async function getFiring(session: Session, id: string): Promise<FiringDetail | null> {
  const place = firingPlace(id)
  const reactor = place === null ? undefined : await session.one<ReactorRecord>(GET_REACTOR_OF_KEY, place.key)
  if (place === null || reactor === undefined) return null
  const [record, executions] = await Promise.all([
    session.one<FiringRecord>(GET_FIRING, reactor.seq, place.sequence),
    session.all<FiringExecutionRecord>(LIST_FIRING_EXECUTIONS, reactor.seq, place.sequence),
  ])
  if (record === undefined) return null
  return { firing: reactorFiring(reactor, record), executions: executions.map(firingExecution) }
}

function firingExecution(record: FiringExecutionRecord): FiringExecution {
  return { subscriptionId: record.subscription_id, workflow: record.workflow, executionId: record.execution_id }
}

/** At most one of each reactor. */
export async function firingsOf(
  session: Session,
  source: string,
  sequence: number,
  limit: number,
): Promise<readonly ReactorFiring[]> {
  const records = await session.all<FiringRecord & Pick<ReactorRecord, 'name' | 'key'>>(
    FIRINGS_OF_EVENT,
    source,
    sequence,
    limit,
  )
  return records.map((record) => reactorFiring(record, record))
}

export async function listGraphs(session: Session): Promise<readonly GraphRow[]> {
  return (await session.all<GraphRecord>(LIST_GRAPHS)).map(graphRow)
}

export async function getGraph(session: Session, name: string): Promise<GraphRow | null> {
  const record = await session.one<GraphRecord>(GET_GRAPH, name)
  return record === undefined ? null : graphRow(record)
}
