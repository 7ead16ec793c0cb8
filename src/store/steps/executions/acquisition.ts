/** How an engine acquires executions. */

import type { Acquisition } from '../../../engine/ports.ts'
import type { NumberedRequest } from '../../../model/action.ts'
import type { AcquiredExecution } from '../../../model/execution.ts'
import { PROCESS_DIED } from '../../history-rows.ts'
import { type ExecutionRecord, faultText, type OwnedRecord } from '../../rows.ts'
import type { Reply, Session, Step } from '../../session.ts'
import {
  DECLARE_DEAD,
  DELETE_INSTANCE_WITHOUT_EXECUTIONS,
  FIND_INSTANCE,
  INSERT_LOST_ATTEMPTS,
  READY_RUNNING_TASKS,
} from '../../sql/instances.ts'
import { seqOrThrow } from '../instances.ts'
import { deadSeqs, type Liveness } from '../liveness.ts'
import { loadExecutions } from './reading.ts'
import { takeOverRequest } from './requests.ts'

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
  const own = session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  const dead = recover ? yield* deadSeqs(session, liveness, instanceId) : []
  const owner = seqOrThrow(yield* own, instanceId)
  const found = yield* findUnowned(session, { ...acquisition, owner, deadSeqs: dead })
  const taken = [...found].sort(oldestFirst).slice(0, limit)
  session.each(
    session.sql.executions.own,
    taken.map(({ id }) => [id]),
    owner,
    at,
  )
  for (const { seq, started_at } of taken) if (started_at !== null) recoverTasks(session, seq, at)
  for (const seq of dead) session.run(DELETE_INSTANCE_WITHOUT_EXECUTIONS, seq)
  for (const former of new Set(taken.flatMap(({ owner_seq }) => owner_seq ?? []))) session.run(DECLARE_DEAD, former)
  return yield* acquired(session, taken, at)
}

/** Stores the attempts that were running as lost, and makes their tasks ready. */
function recoverTasks(session: Session, seq: number, at: number): void {
  session.run(INSERT_LOST_ATTEMPTS, at, faultText(PROCESS_DIED), seq)
  session.run(READY_RUNNING_TASKS, 1, seq)
}

function* acquired(session: Session, taken: readonly OwnedRecord[], at: number): Step<readonly AcquiredExecution[]> {
  const records: ExecutionRecord[] = []
  const owned: { readonly ownerNumber: number; readonly cancel: NumberedRequest | null }[] = []
  for (const record of taken) {
    const { pausedAt, cancelRequestedAt, cancel } = yield* takeOverRequest(session, record, at)
    records.push({
      ...record,
      status: pausedAt === null ? 'Running' : 'Paused',
      started_at: record.started_at ?? at,
      paused_at: pausedAt,
      cancel_requested_at: cancelRequestedAt,
    })
    owned.push({ ownerNumber: record.owner_number + 1, cancel })
  }
  const loaded = yield* loadExecutions(session, records)
  return loaded.map((execution, index) => ({ ...execution, ...{ ownerNumber: 0, cancel: null }, ...owned[index] }))
}

function oldestFirst(one: OwnedRecord, other: OwnedRecord): number {
  return one.created_at - other.created_at || one.seq - other.seq
}
