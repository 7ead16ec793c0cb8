/**
 * Steps of requests for executions: pause, resume and cancel.
 *
 *   none ── steer ──▶ waits for the owner ── settle, with `applied` ──▶ none; a cancel stays until the end
 *    │                     │        └── steer: a newer request replaces it (only a cancel replaces a cancel)
 *    │                     └── the owner is dead or gave it back: the next owner or `applyRequest` applies it
 *    └── steer without a living owner ──▶ applied in the same step
 */

import type { MissedDeadline } from '../../../engine/incidents/incident-report.ts'
import type { CancelledExecution, ExecutionEnd, JudgeUnowned, SteeringAnswer } from '../../../engine/store-ports.ts'
import type { NewAction, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import { workflowLimitName } from '../../../model/limits/limits.ts'
import { CANCEL_APPROVALS } from '../../sql/executions/approval-sql.ts'
import * as sql from '../../sql/executions/execution-sql.ts'
import { DELETE_WAITS } from '../../sql/executions/wait-sql.ts'
import { type OwnedRecord, storedRequest } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { askAction } from '../action-steps.ts'
import { changeIncidents, judgeDeadlines } from '../incidents/incident-steps.ts'
import { declareDead, loseAttempts } from '../instance-steps.ts'
import { releaseExecutions } from '../limits/execution-slots.ts'
import { releaseUpToLimit } from '../waiting-steps.ts'
import { endChildWaits } from './child-waits.ts'
import { writeEnds } from './execution-ends.ts'
import { loadExecutions } from './reading-steps.ts'
import { answerAll, applyByOwner, REPLACED } from './requests.ts'

interface SteeringRecord extends OwnedRecord {
  readonly owner_id: string | null
}

export function* steer(
  session: Session,
  action: NewAction,
  request: SteeringRequest,
  judge: JudgeUnowned = judgeNone,
): Step<SteeringAnswer> {
  const record = yield* session.one<SteeringRecord>(session.sql.executions.findForSteering, action.target)
  if (record === undefined) return yield* notUnderWay(session, action.target)
  const waiting = storedRequest(record)
  if (waiting?.kind === 'cancel' && request.kind !== 'cancel') return { kind: 'cancelling' }
  if (waiting !== null && waiting.kind !== request.kind) answerAll(session, waiting, REPLACED, action.at)
  askAction(session, action)
  const joined = joinedRequest(waiting, request)
  const text = JSON.stringify(joined)
  session.run(sql.STORE_REQUEST, text, record.id)
  session.notifyEngines()
  const numbered = { ...joined, number: record.request_number + 1 }
  const current = { ...record, request: text, request_number: numbered.number }
  return yield* applyOrAsk(session, current, numbered, { at: action.at, judge })
}

function judgeNone(): readonly MissedDeadline[] {
  return []
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

/** Applies the waiting request, unless a living engine owns the execution; see the port. */
export function* applyRequest(
  session: Session,
  executionId: string,
  at: number,
  judge: JudgeUnowned = judgeNone,
): Step<SteeringAnswer> {
  const record = yield* session.one<SteeringRecord>(session.sql.executions.findForSteering, executionId)
  if (record === undefined) return yield* notUnderWay(session, executionId)
  const request = storedRequest(record)
  if (request === null) return { kind: 'applied', cancelled: null }
  return yield* applyOrAsk(session, record, request, { at, judge })
}

function* notUnderWay(session: Session, executionId: string): Step<SteeringAnswer> {
  const ended = yield* session.one<{ readonly status: ExecutionStatus }>(sql.FIND_ENDED, executionId)
  return ended === undefined ? { kind: 'unknown' } : { kind: 'ended', status: ended.status }
}

function* applyOrAsk(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  { at, judge }: { readonly at: number; readonly judge: JudgeUnowned },
): Step<SteeringAnswer> {
  const { id, owner_id, owner_seq } = record
  if (owner_id !== null && (yield* session.liveness.isAlive(session, owner_id, at)))
    return { kind: 'requested', request }
  if (owner_seq !== null) takeFrom(session, owner_seq, record, at)
  yield* applyByOwner(session, id, request, at)
  const cancelled = request.kind === 'cancel' ? yield* endUnowned(session, record, request, { at, judge }) : null
  return { kind: 'applied', cancelled }
}

/** Takes an execution from a dead owner. The next heartbeat notifies an owner that is alive after all. */
function takeFrom(session: Session, ownerSeq: number, { seq, id }: SteeringRecord, at: number): void {
  declareDead(session, [ownerSeq])
  loseAttempts(session, seq, at)
  session.run(sql.RELEASE_EXECUTION, id)
}

function* endUnowned(
  session: Session,
  record: SteeringRecord,
  request: NumberedRequest,
  { at, judge }: { readonly at: number; readonly judge: JudgeUnowned },
): Step<CancelledExecution> {
  const loaded = yield* loadExecutions(session, [record])
  session.run(sql.CANCEL_UNFINISHED_TASKS, at, record.seq)
  session.run(DELETE_WAITS, record.seq)
  session.run(CANCEL_APPROVALS, record.seq, at)
  const last = loaded
    .flatMap(({ tasks }) => tasks.filter(({ outputText }) => outputText !== null))
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const finalText = last?.outputText ?? loaded[0]?.inputText ?? ''
  const end: ExecutionEnd = { status: 'Cancelled', endedAt: at, finalText, errorMessage: request.reason }
  writeEnds(session, [{ record, settlement: { changes: [], end } }])
  if (record.origin === 'child') yield* endChildWaits(session, [{ id: record.id, at }])
  if (record.origin === 'trigger' && record.origin_source !== null) {
    yield* releaseUpToLimit(session, record.origin_source, at)
  }
  if (record.limit_value !== null) {
    const key = { name: workflowLimitName(record.workflow), value: record.limit_value }
    yield* releaseExecutions(session, [key], at)
  }
  const missed = yield* judgeDeadlines(
    session,
    loaded.flatMap((execution) => judge(execution, at)),
  )
  yield* changeIncidents(
    session,
    missed.map((failure) => ({ failure })),
  )
  return { workflow: record.workflow, endedAt: at, errorMessage: request.reason }
}
