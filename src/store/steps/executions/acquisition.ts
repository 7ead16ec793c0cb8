/** How an engine acquires executions. */

import type { Acquisition } from '../../../engine/ports.ts'
import type { NumberedRequest } from '../../../model/action.ts'
import type { AcquiredExecution } from '../../../model/execution.ts'
import { type ExecutionRecord, type OwnedRecord, requestOf } from '../../rows.ts'
import { type Reply, rowsOf, type Session, type Step } from '../../session.ts'
import * as sql from '../../sql/instances.ts'
import { loseAttempts, seqOrThrow } from '../instances.ts'
import { deadSeqs, type Liveness } from '../liveness.ts'
import { loadExecutions } from './reading.ts'
import { applyByOwner } from './requests.ts'

/**
 * Finds executions without a living owner. Each database brings its own search: PostgreSQL locks the rows that it
 * returns, and passes over those that other engines have locked.
 */
export type FindUnowned = (session: Session, search: UnownedSearch) => Reply<readonly OwnedRecord[]>

export interface UnownedSearch extends Acquisition {
  /** `seq` of the engine that acquires. */
  readonly owner: number
  /** `seq` of each dead engine whose executions are taken over. */
  readonly deadSeqs: readonly number[]
}

export function* acquireExecutions(
  session: Session,
  liveness: Liveness,
  acquisition: Acquisition,
  findUnowned: FindUnowned,
): Step<readonly AcquiredExecution[]> {
  const { instanceId, recover, at, limit } = acquisition
  const own = session.one<{ readonly seq: number }>(sql.FIND_INSTANCE, instanceId)
  const dead = recover ? yield* deadSeqs(session, liveness, instanceId) : []
  const owner = seqOrThrow(yield* own, instanceId)
  const found = yield* findUnowned(session, { ...acquisition, owner, deadSeqs: dead })
  const taken = [...found].sort(oldestFirst).slice(0, limit)
  const ids = taken.map(({ id }) => id)
  session.each(session.sql.executions.own, rowsOf(ids), owner, at)
  for (const { seq, started_at } of taken) if (started_at !== null) loseAttempts(session, seq, at)
  for (const seq of dead) session.run(sql.DELETE_INSTANCE_WITHOUT_EXECUTIONS, seq)
  for (const former of new Set(taken.flatMap(({ owner_seq }) => owner_seq ?? []))) session.run(sql.DECLARE_DEAD, former)
  return yield* acquired(session, taken, at)
}

/** Applies the requests that the former owners did not apply. */
function* acquired(session: Session, taken: readonly OwnedRecord[], at: number): Step<readonly AcquiredExecution[]> {
  const records: ExecutionRecord[] = []
  const cancels: (NumberedRequest | null)[] = []
  for (const record of taken) {
    const request = requestOf(record)
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
  return loaded.map((execution, index) => {
    return { ...execution, ownerNumber: (taken[index]?.owner_number ?? 0) + 1, cancel: cancels[index] ?? null }
  })
}

function oldestFirst(one: OwnedRecord, other: OwnedRecord): number {
  return one.created_at - other.created_at || one.seq - other.seq
}
