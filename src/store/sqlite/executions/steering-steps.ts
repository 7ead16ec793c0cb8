/**
 * Requests for executions: pause, resume and cancel. Each function is the body of one step and runs in its transaction.
 *
 *   none ── steer ──▶ waits for the owner ── settle, with `applied` ──▶ none; a cancel stays until the execution has ended
 *    │                     │        └── steer: a newer request replaces it (a cancel is replaced by a cancel alone)
 *    │                     └── the owner is dead or gave it back: applied by the next owner, or by the next `applyRequest`
 *    └── steer without a living owner ──▶ applied in the same step
 */

import type { CancelledExecution, ExecutionEnd, SteeringAnswer } from '../../../engine/ports.ts'
import type { NewAction, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import { type OwnedRecord, requestOf } from '../../rows.ts'
import { joinedRequest } from '../../steering-answers.ts'
import type { Connection } from '../file/connection.ts'
import { askAction } from '../history/action-steps.ts'
import { insertLostAttempts } from '../history/attempt-steps.ts'
import { DECLARE_DEAD } from '../instance-queries.ts'
import {
  CANCEL_UNFINISHED_TASKS,
  FIND_ENDED,
  FIND_FOR_STEERING,
  RECOVER_RUNNING_TASKS,
  RELEASE_EXECUTION,
  STORE_REQUEST,
} from './execution-queries.ts'
import { loadExecution } from './execution-steps.ts'
import { answerReplaced, applyByOwner } from './request-steps.ts'
import { writeEnd } from './settlement-steps.ts'

interface SteeringRecord extends OwnedRecord {
  readonly owner_id: string | null
}

type IsOwnerAlive = (instanceId: string) => boolean

/** Stores a request; see the port. */
export function steer(
  connection: Connection,
  action: NewAction,
  request: SteeringRequest,
  isOwnerAlive: IsOwnerAlive,
): SteeringAnswer {
  const record = connection.one<SteeringRecord>(FIND_FOR_STEERING, action.target)
  if (record === undefined) return notUnderWay(connection, action.target)
  const waiting = requestOf(record)
  if (waiting?.kind === 'cancel' && request.kind !== 'cancel') return { kind: 'cancelling' }
  if (waiting !== null && waiting.kind !== request.kind) answerReplaced(connection, waiting, action.at)
  askAction(connection, action)
  const joined = joinedRequest(waiting, request)
  connection.run(STORE_REQUEST, JSON.stringify(joined), record.id)
  const numbered = { ...joined, number: record.request_number + 1 }
  return applyOrAsk(connection, { ...record, request_number: numbered.number }, numbered, action.at, isOwnerAlive)
}

/** Applies the request that waits, unless a living engine owns the execution; see the port. */
export function applyRequest(
  connection: Connection,
  executionId: string,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): SteeringAnswer {
  const record = connection.one<SteeringRecord>(FIND_FOR_STEERING, executionId)
  if (record === undefined) return notUnderWay(connection, executionId)
  const request = requestOf(record)
  if (request === null) return { kind: 'applied', cancelled: null }
  return applyOrAsk(connection, record, request, at, isOwnerAlive)
}

function notUnderWay(connection: Connection, executionId: string): SteeringAnswer {
  const ended = connection.one<{ readonly status: ExecutionStatus }>(FIND_ENDED, executionId)
  return ended === undefined ? { kind: 'unknown' } : { kind: 'ended', status: ended.status }
}

function applyOrAsk(
  connection: Connection,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
  isOwnerAlive: IsOwnerAlive,
): SteeringAnswer {
  const { owner_id } = record
  if (owner_id !== null && isOwnerAlive(owner_id)) return { kind: 'requested', request }
  if (record.owner_seq !== null) takeFrom(connection, record.owner_seq, record, at)
  if (request.kind === 'cancel') return { kind: 'applied', cancelled: endUnowned(connection, record, request, at) }
  applyByOwner(connection, record.id, request, at)
  return { kind: 'applied', cancelled: null }
}

/** Takes an execution from a dead owner. An owner that is alive after all is notified by its next heartbeat and drops the execution. */
function takeFrom(connection: Connection, ownerSeq: number, { seq, id }: SteeringRecord, at: number): void {
  connection.run(DECLARE_DEAD, ownerSeq)
  insertLostAttempts(connection, seq, at)
  connection.run(RECOVER_RUNNING_TASKS, seq)
  connection.run(RELEASE_EXECUTION, id)
}

function endUnowned(
  connection: Connection,
  record: SteeringRecord,
  request: NumberedRequest,
  at: number,
): CancelledExecution {
  applyByOwner(connection, record.id, request, at)
  const { inputText, tasks } = loadExecution(connection, record)
  connection.run(CANCEL_UNFINISHED_TASKS, at, record.seq)
  const last = tasks
    .filter(({ outputText }) => outputText !== null)
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const finalText = last?.outputText ?? inputText
  const end: ExecutionEnd = { status: 'Cancelled', endedAt: at, finalText, errorMessage: request.reason }
  writeEnd(connection, record, { changes: [] }, end)
  return { workflow: record.workflow, endedAt: at, errorMessage: request.reason }
}
