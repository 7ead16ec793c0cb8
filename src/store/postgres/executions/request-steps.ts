/** How requests that wait are applied and answered. Each function is part of a step and runs in its transaction. */

import type { ExecutionEnd } from '../../../engine/ports.ts'
import type { ActionAnswer, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import { type OwnedRecord, requestOf } from '../../rows.ts'
import { endAnswer, REPLACED } from '../../steering-answers.ts'
import { answerAction } from '../history/action-steps.ts'
import type { Session } from '../session/session.ts'
import { APPLY_CANCEL, APPLY_PAUSE } from './execution-queries.ts'

const DONE = { isRefused: false, text: null }

/**
 * Applies a request of the owner, and notifies the other engines, where a caller may wait for the answer. Does nothing if a newer
 * request replaced it.
 */
export async function applyByOwner(session: Session, seq: number, request: NumberedRequest, at: number): Promise<void> {
  session.tell()
  if (request.kind === 'cancel') {
    await session.run(APPLY_CANCEL, request.at, seq, request.number)
    return
  }
  const pausedAt = request.kind === 'pause' ? request.at : null
  if ((await session.run(APPLY_PAUSE, pausedAt, seq, request.number)) === 0) return
  await Promise.all(answerAll(session, request, DONE, at))
}

export interface TakenOverRequest {
  readonly pausedAt: number | null
  readonly cancelRequestedAt: number | null
  readonly cancel: NumberedRequest | null
}

/** Another engine acquires the execution: what its former owner did not apply is applied in the same step. */
export async function takeOverRequest(session: Session, record: OwnedRecord, at: number): Promise<TakenOverRequest> {
  const request = requestOf(record)
  const { seq, paused_at: pausedAt, cancel_requested_at: cancelRequestedAt } = record
  if (request === null) return { pausedAt, cancelRequestedAt, cancel: null }
  await applyByOwner(session, seq, request, at)
  if (request.kind === 'cancel') {
    return { pausedAt, cancelRequestedAt: cancelRequestedAt ?? request.at, cancel: request }
  }
  return { pausedAt: request.kind === 'pause' ? request.at : null, cancelRequestedAt, cancel: null }
}

/** An execution ends: the request that waits is done, when it is a cancel that did this, or comes too late. */
export function answerAtEnd(
  session: Session,
  record: Pick<OwnedRecord, 'request' | 'request_number'>,
  end: ExecutionEnd,
  cancelReport?: string,
): readonly Promise<unknown>[] {
  const request = requestOf(record)
  if (request === null) return []
  session.tell()
  return answerAll(session, request, endAnswer(request, end, cancelReport), end.endedAt)
}

/** A newer request replaces one of another kind that was not applied. */
export async function answerReplaced(session: Session, replaced: SteeringRequest, at: number): Promise<void> {
  await Promise.all(answerAll(session, replaced, REPLACED, at))
}

function answerAll(
  session: Session,
  { actionIds }: SteeringRequest,
  answer: ActionAnswer,
  at: number,
): readonly Promise<unknown>[] {
  return actionIds.map((id) => answerAction(session, id, answer, at))
}
