/**
 * Part of the steps that end waits. It locks their executions first: the owner of an execution, which releases it in a
 * settlement, locks it as well. So either the settlement sees the end, or this part sees the release.
 */

import type { WaitEnding } from '../../../model/waits.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'

export interface WaitKey {
  readonly execution_seq: number
  readonly task_id: string
}

interface LockedExecution {
  readonly seq: number
  readonly id: string
  readonly owner_seq: number | null
}

interface EndedByStep<Key> {
  readonly ended: readonly Key[]
  /** Ids of the executions of the ended waits, the oldest first. */
  readonly executionIds: readonly string[]
  /** Ids of the executions that an engine may acquire now. */
  readonly available: readonly string[]
}

/** Ends those of the waits that are open, and makes their unowned executions available. */
export function* endWaits<Key extends WaitKey>(
  session: Session,
  waits: readonly Key[],
  ending: WaitEnding,
): Step<EndedByStep<Key>> {
  const none = { ended: [], executionIds: [], available: [] }
  if (waits.length === 0) return none
  const seqs = waits.map(({ execution_seq }) => execution_seq)
  const locked = yield* lockExecutions(session, seqs)
  const { end, makeAvailable } = session.sql.waits
  const payload = 'payloadText' in ending ? ending.payloadText : null
  const rows = waits.map(({ execution_seq, task_id }) => [execution_seq, task_id, ending.kind, ending.endedAt, payload])
  const hits = yield* session.eachHit(end, rows)
  const ended = waits.filter((_, index) => hits[index])
  if (ended.length === 0) return none
  const endedSeqs = new Set(ended.map(({ execution_seq }) => execution_seq))
  const found = yield* session.allEach<{ readonly id: string }>(makeAvailable, toRows([...endedSeqs]))
  const available = found.map(({ id }) => id)
  if (available.length > 0) session.notifyEnginesOf(available)
  // Their owners read the ended waits.
  if (locked.some(({ owner_seq }) => owner_seq !== null)) session.notifyEngines()
  return { ended, executionIds: locked.flatMap(({ seq, id }) => (endedSeqs.has(seq) ? id : [])), available }
}

/** Locks executions, in the order of their numbers. */
export function* lockExecutions(session: Session, seqs: readonly number[]): Step<readonly LockedExecution[]> {
  const sorted = [...new Set(seqs)].sort((one, other) => one - other)
  return yield* session.allEach<LockedExecution>(session.sql.waits.lockExecutions, toRows(sorted))
}
