/**
 * Steps of requests for executions: pause, resume and cancel.
 *
 *   none ── steer ──▶ waits for the owner ── settle, with `applied` ──▶ none; a cancel stays until the end
 *    │                     │        └── steer: a newer request replaces it (only a cancel replaces a cancel)
 *    │                     └── the owner is dead or gave it back: the next owner or `applyRequest` applies it
 *    └── steer without a living owner ──▶ applied in the same step
 */

import type { CancelledExecution, ExecutionEnd, SteeringAnswer } from '../../../engine/ports.ts'
import type { NewAction, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import { type OwnedRecord, requestOf } from '../../rows.ts'
import type { Session, Step } from '../../session.ts'
import {
  CANCEL_UNFINISHED_TASKS,
  FIND_ENDED,
  RELEASE_EXECUTION,
  STORE_REQUEST,
} from '../../sql/executions/executions.ts'
import { DECLARE_DEAD } from '../../sql/instances.ts'
import { askAction } from '../actions.ts'
import { loseAttempts } from '../instances.ts'
import { loadExecutions } from './reading.ts'
import { answerAll, applyByOwner, REPLACED } from './requests.ts'
import { writeEnds } from './settlement.ts'

interface SteeringRecord extends OwnedRecord {
  readonly owner_id: string | null
}

export type IsOwnerAlive = (session: Session, instanceId: string, at: number) => Step<boolean>

/** Stores a request; see the port. */
export function* steer(
  session: Session,
  action: NewAction,
  request: SteeringRequest,
  isOwnerAlive: IsOwnerAlive,
): Step<SteeringAnswer> {
  const record = yield* session.one<SteeringRecord>(session.sql.executions.findForSteering, action.target)
  if (record === undefined) return yield* notUnderWay(session, action.target)
  const waiting = requestOf(record)
  if (waiting?.kind === 'cancel' && request.kind !== 'cancel') return { kind: 'cancelling' }
  if (waiting !== null && waiting.kind !== request.kind) answerAll(session, waiting, REPLACED, action.at)
  askAction(session, action)
  const joined = joinedRequest(waiting, request)
  const text = JSON.stringify(joined)
  session.run(STORE_REQUEST, text, record.id)
  session.notifyEngines()
  const numbered = { ...joined, number: record.request_number + 1 }
  const current = { ...record, request: text, request_number: numbered.number }
  return yield* applyOrAsk(session, current, numbered, action.at, isOwnerAlive)
}

/** Returns the request to store. Two of one kind become one, which stops no more than the stricter one. */
function joinedRequest(waiting: SteeringRequest | null, request: SteeringRequest): SteeringRequest {
  if (waiting === null || waiting.kind !== request.kind) return request
  const { actionIds, reason, at } = waiting
  return {
    ...request,
    actionIds: [...actionIds, ...request.actionIds],
    waits: waiting.waits && request.waits,
    reason,
    at,
  }
}

/** Applies the request that waits, unless a living engine owns the execution; see the port. */
export function* applyRequest(
  session: Session,
  executionId: string,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): Step<SteeringAnswer> {
  const record = yield* session.one<SteeringRecord>(session.sql.executions.findForSteering, executionId)
  if (record === undefined) return yield* notUnderWay(session, executionId)
  const request = requestOf(record)
  if (request === null) return { kind: 'applied', cancelled: null }
  return yield* applyOrAsk(session, record, request, at, isOwnerAlive)
}

function* notUnderWay(session: Session, executionId: string): Step<SteeringAnswer> {
  const ended = yield* session.one<{ readonly status: ExecutionStatus }>(FIND_ENDED, executionId)
  return ended === undefined ? { kind: 'unknown' } : { kind: 'ended', status: ended.status }
}

function* applyOrAsk(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): Step<SteeringAnswer> {
  const { id, owner_id, owner_seq } = record
  if (owner_id !== null && (yield* isOwnerAlive(session, owner_id, at))) return { kind: 'requested', request }
  if (owner_seq !== null) takeFrom(session, owner_seq, record, at)
  yield* applyByOwner(session, id, request, at)
  const cancelled = request.kind === 'cancel' ? yield* endUnowned(session, record, request, at) : null
  return { kind: 'applied', cancelled }
}

/** Takes an execution from a dead owner. The next heartbeat notifies an owner that is alive after all. */
function takeFrom(session: Session, ownerSeq: number, { seq, id }: SteeringRecord, at: number): void {
  session.run(DECLARE_DEAD, ownerSeq)
  loseAttempts(session, seq, at)
  session.run(RELEASE_EXECUTION, id)
}

function* endUnowned(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
): Step<CancelledExecution> {
  const loaded = yield* loadExecutions(session, [record])
  session.run(CANCEL_UNFINISHED_TASKS, at, record.seq)
  const last = loaded
    .flatMap(({ tasks }) => tasks.filter(({ outputText }) => outputText !== null))
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const finalText = last?.outputText ?? loaded[0]?.inputText ?? ''
  const end: ExecutionEnd = { status: 'Cancelled', endedAt: at, finalText, errorMessage: request.reason }
  writeEnds(session, [{ record, settlement: { changes: [], end } }])
  return { workflow: record.workflow, endedAt: at, errorMessage: request.reason }
}
