/** How an engine acquires executions. */

import type { Acquisition } from '../../../engine/store-ports.ts'
import type { NumberedRequest } from '../../../model/action.ts'
import type { AcquiredExecution } from '../../../model/execution.ts'
import { END_LOST_SLOTS } from '../../sql/executions/limit-sql.ts'
import * as sql from '../../sql/instance-sql.ts'
import { type ExecutionRecord, type OwnedRecord, storedRequest } from '../../store-rows.ts'
import { type Reply, type Session, type Step, toRows } from '../../store-session.ts'
import { declareDead, loseAttempts, type ReportLost, reportLosses, requireSeq, selectDead } from '../instance-steps.ts'
import { loadChains } from './chain-rows.ts'
import { loadExecutions } from './reading-steps.ts'
import { applyByOwner } from './requests.ts'
import { loadWaits } from './wait-steps.ts'

/** Finds executions without a living owner. PostgreSQL locks the rows that it returns, and skips locked ones. */
export type FindUnowned = (session: Session, search: UnownedSearch) => Reply<readonly OwnedRecord[]>

/** Place of an execution in the order of acquisitions. */
export interface OrderPlace {
  readonly rank: number
  readonly queuedAt: number
}

export interface Acquired {
  readonly executions: readonly AcquiredExecution[]
  /** Place of the last one, if there are as many as the limit allows. */
  readonly last: OrderPlace | null
}

export interface UnownedSearch extends Acquisition {
  readonly owner: number
  readonly deadSeqs: readonly number[]
}

export function* acquireExecutions(
  session: Session,
  acquisition: Acquisition,
  findUnowned: FindUnowned,
  reportLost?: ReportLost,
): Step<Acquired> {
  const { instanceId, recover, at, limit } = acquisition
  const own = session.one<{ readonly seq: number }>(sql.FIND_INSTANCE, instanceId)
  const others = recover ? yield* session.liveness.others(session, instanceId) : []
  const dead = selectDead(others)
  const owner = requireSeq(yield* own, instanceId)
  const found = yield* findUnowned(session, { ...acquisition, owner, deadSeqs: dead })
  const taken = [...found].sort(byOrder).slice(0, limit)
  const ids = taken.map(({ id }) => id)
  session.each(session.sql.executions.own, toRows(ids), owner, at)
  for (const { seq, started_at } of taken) if (started_at !== null) loseAttempts(session, seq, at)
  yield* reportLosses(session, others, reportLost)
  for (const seq of dead) {
    session.run(END_LOST_SLOTS, seq)
    session.run(sql.DELETE_INSTANCE_WITHOUT_EXECUTIONS, seq)
  }
  const owners = taken.flatMap(({ owner_seq }) => owner_seq ?? [])
  declareDead(session, owners)
  const last = taken.length < limit ? undefined : taken.at(-1)
  const executions = yield* acquired(session, taken, at)
  return { executions, last: last === undefined ? null : { rank: last.rank, queuedAt: last.queued_at } }
}

/** Applies the requests that the former owners did not apply. */
function* acquired(session: Session, taken: readonly OwnedRecord[], at: number): Step<readonly AcquiredExecution[]> {
  const records: ExecutionRecord[] = []
  const cancels: (NumberedRequest | null)[] = []
  for (const record of taken) {
    const request = storedRequest(record)
    if (request !== null) yield* applyByOwner(session, record.id, request, at)
    const cancel = request?.kind === 'cancel' ? request : null
    const asked = request?.kind === 'pause' ? request.at : null
    const paused_at = request === null || cancel !== null ? record.paused_at : asked
    records.push({
      ...record,
      status: paused_at === null ? 'Running' : 'Paused',
      started_at: record.started_at ?? at,
      paused_at,
      cancel_requested_at: record.cancel_requested_at ?? cancel?.at ?? null,
    })
    cancels.push(cancel)
  }
  const loaded = yield* loadExecutions(session, records)
  const isWaiting = loaded.map(({ tasks }) => tasks.some(({ status }) => status === 'Waiting'))
  const waiting = taken.filter((_, index) => isWaiting[index]).map(({ seq }) => seq)
  const waits = yield* loadWaits(session, waiting)
  const retries = taken.flatMap(({ id, retry_of }) => (retry_of === null ? [] : id))
  const chains = yield* loadChains(session, retries)
  return loaded.map((execution, index) => {
    const { seq = 0, owner_number = 0 } = taken[index] ?? {}
    const cancel = cancels[index] ?? null
    return {
      ...execution,
      ownerNumber: owner_number + 1,
      cancel,
      chainId: chains.get(execution.id) ?? execution.id,
      waits: waits.get(seq) ?? [],
    }
  })
}

function byOrder(one: OwnedRecord, other: OwnedRecord): number {
  return one.rank - other.rank || one.queued_at - other.queued_at || one.seq - other.seq
}
