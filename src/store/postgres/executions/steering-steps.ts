/**
 * Requests for executions: pause, resume and cancel. Each function is the body of one step and runs in its transaction. The moves of a
 * request are those of the store on SQLite: see `sqlite/steering-steps.ts`.
 */

import type { CancelledExecution, ExecutionEnd, SteeringAnswer } from '../../../engine/ports.ts'
import type { NewAction, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import { PROCESS_DIED } from '../../history-rows.ts'
import { type ExecutionRecord, faultText, type OwnedRecord, requestOf } from '../../rows.ts'
import { joinedRequest } from '../../steering-answers.ts'
import { askAction } from '../history/action-steps.ts'
import { INSERT_LOST_ATTEMPTS } from '../history/attempt-queries.ts'
import { DECLARE_DEAD } from '../instance-queries.ts'
import type { Session } from '../session/session.ts'
import {
  CANCEL_UNFINISHED_TASKS,
  FIND_FOR_STEERING,
  GET_EXECUTION,
  RECOVER_RUNNING_TASKS,
  RELEASE_EXECUTION,
  STORE_REQUEST,
} from './execution-queries.ts'
import { getExecution } from './execution-steps.ts'
import { answerReplaced, applyByOwner } from './request-steps.ts'
import { writeEnds } from './settlement-steps.ts'

interface SteeringRecord extends OwnedRecord {
  readonly owner_id: string | null
}

type IsOwnerAlive = (instanceId: string) => Promise<boolean>

/** Stores a request; see the port. */
export async function steer(
  session: Session,
  action: NewAction,
  request: SteeringRequest,
  isOwnerAlive: IsOwnerAlive,
): Promise<SteeringAnswer> {
  const record = await session.one<SteeringRecord>(FIND_FOR_STEERING, action.target)
  if (record === undefined) return await notUnderWay(session, action.target)
  const waiting = requestOf(record)
  if (waiting?.kind === 'cancel' && request.kind !== 'cancel') return { kind: 'cancelling' }
  if (waiting !== null && waiting.kind !== request.kind) await answerReplaced(session, waiting, action.at)
  const joined = joinedRequest(waiting, request)
  await Promise.all([askAction(session, action), session.run(STORE_REQUEST, JSON.stringify(joined), record.seq)])
  session.tell()
  const numbered = { ...joined, number: record.request_number + 1 }
  const current = { ...record, request: JSON.stringify(joined), request_number: numbered.number }
  return await applyOrAsk(session, current, numbered, action.at, isOwnerAlive)
}

/** Applies the request that waits, unless a living engine owns the execution; see the port. */
export async function applyRequest(
  session: Session,
  executionId: string,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): Promise<SteeringAnswer> {
  const record = await session.one<SteeringRecord>(FIND_FOR_STEERING, executionId)
  if (record === undefined) return await notUnderWay(session, executionId)
  const request = requestOf(record)
  if (request === null) return { kind: 'applied', cancelled: null }
  return await applyOrAsk(session, record, request, at, isOwnerAlive)
}

async function notUnderWay(session: Session, executionId: string): Promise<SteeringAnswer> {
  const ended = await session.one<ExecutionRecord>(GET_EXECUTION, executionId)
  return ended === undefined ? { kind: 'unknown' } : { kind: 'ended', status: ended.status }
}

async function applyOrAsk(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): Promise<SteeringAnswer> {
  const { owner_id } = record
  if (owner_id !== null && (await isOwnerAlive(owner_id))) return { kind: 'requested', request }
  if (record.owner_seq !== null) await takeFrom(session, record.owner_seq, record.seq, at)
  if (request.kind === 'cancel') {
    return { kind: 'applied', cancelled: await endUnowned(session, record, request, at) }
  }
  await applyByOwner(session, record.seq, request, at)
  return { kind: 'applied', cancelled: null }
}

/** Takes an execution from a dead owner. An owner that is alive after all is notified by its next heartbeat and drops the execution. */
async function takeFrom(session: Session, ownerSeq: number, seq: number, at: number): Promise<void> {
  await session.run(DECLARE_DEAD, [ownerSeq])
  await session.run(INSERT_LOST_ATTEMPTS, at, faultText(PROCESS_DIED), [seq])
  await session.run(RECOVER_RUNNING_TASKS, [seq])
  await session.run(RELEASE_EXECUTION, seq)
}

async function endUnowned(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
): Promise<CancelledExecution> {
  await applyByOwner(session, record.seq, request, at)
  const found = await getExecution(session, record.id)
  await session.run(CANCEL_UNFINISHED_TASKS, at, record.seq)
  const last = found?.tasks
    .filter(({ outputText }) => outputText !== null)
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const finalText = last?.outputText ?? found?.inputText ?? ''
  const end: ExecutionEnd = { status: 'Cancelled', endedAt: at, finalText, errorMessage: request.reason }
  await writeEnds(session, [{ record, settlement: { changes: [], end } }])
  return { workflow: record.workflow, endedAt: at, errorMessage: request.reason }
}
