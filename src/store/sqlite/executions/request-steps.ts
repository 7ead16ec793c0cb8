/** How requests that wait are applied and answered. Each function is part of a step and runs in its transaction. */

import type { ExecutionEnd } from '../../../engine/ports.ts'
import type { ActionAnswer, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import { type OwnedRecord, requestOf } from '../../rows.ts'
import { endAnswer, REPLACED } from '../../steering-answers.ts'
import type { Connection } from '../file/connection.ts'
import { answerAction } from '../history/action-steps.ts'
import { APPLY_CANCEL, APPLY_PAUSE, FIND_REQUEST } from './execution-queries.ts'

const DONE = { isRefused: false, text: null }

/** The owner applies a request. Nothing happens when a newer one replaced it. */
export function applyByOwner(connection: Connection, executionId: string, request: NumberedRequest, at: number): void {
  if (request.kind === 'cancel') {
    connection.run(APPLY_CANCEL, request.at, executionId, request.number)
    return
  }
  const pausedAt = request.kind === 'pause' ? request.at : null
  if (connection.run(APPLY_PAUSE, pausedAt, pausedAt, executionId, request.number) === 0) return
  answerAll(connection, request, DONE, at)
}

export interface TakenOverRequest {
  readonly pausedAt: number | null
  readonly cancelRequestedAt: number | null
  readonly cancel: NumberedRequest | null
}

/** Another engine acquires the execution: what its former owner did not apply is applied in the same step. */
export function takeOverRequest(connection: Connection, record: OwnedRecord, at: number): TakenOverRequest {
  const request = requestOf(record)
  const { id, paused_at: pausedAt, cancel_requested_at: cancelRequestedAt } = record
  if (request === null) return { pausedAt, cancelRequestedAt, cancel: null }
  applyByOwner(connection, id, request, at)
  if (request.kind === 'cancel') {
    return { pausedAt, cancelRequestedAt: cancelRequestedAt ?? request.at, cancel: request }
  }
  return { pausedAt: request.kind === 'pause' ? request.at : null, cancelRequestedAt, cancel: null }
}

/** An execution ends: the request that waits is done, when it is a cancel that did this, or comes too late. */
export function answerAtEnd(
  connection: Connection,
  executionId: string,
  end: ExecutionEnd,
  cancelReport?: string,
): void {
  const waiting = connection.one<Pick<OwnedRecord, 'request' | 'request_number'>>(FIND_REQUEST, executionId)
  const request = waiting === undefined ? null : requestOf(waiting)
  if (request === null) return
  answerAll(connection, request, endAnswer(request, end, cancelReport), end.endedAt)
}

/** A newer request replaces one of another kind that was not applied. */
export function answerReplaced(connection: Connection, replaced: SteeringRequest, at: number): void {
  answerAll(connection, replaced, REPLACED, at)
}

function answerAll(connection: Connection, { actionIds }: SteeringRequest, answer: ActionAnswer, at: number): void {
  for (const id of actionIds) answerAction(connection, id, answer, at)
}
