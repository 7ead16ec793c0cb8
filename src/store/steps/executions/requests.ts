/** Parts of steps that apply and answer requests for executions. */

import type { ExecutionEnd } from '../../../engine/ports.ts'
import type { ActionAnswer, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import { type OwnedRecord, requestOf } from '../../rows.ts'
import type { Session, Step } from '../../session.ts'
import { APPLY_CANCEL, APPLY_PAUSE } from '../../sql/executions/executions.ts'
import { storeAnswer } from '../actions.ts'

const DONE: ActionAnswer = { isRefused: false, text: null }

/** Answer to a request that a newer request of another kind replaced. */
export const REPLACED: ActionAnswer = {
  isRefused: true,
  text: 'Before an engine applied this request, a newer request replaced it.',
}

/** Report of a cancel that found nothing running. */
const NOTHING_STOPPED = JSON.stringify({ stopped: 0, lostScripts: [] })

/**
 * Applies a request of the owner, and notifies the other engines, because a caller may wait for the answer. Does
 * nothing if a newer request replaced it.
 */
export function* applyByOwner(session: Session, executionId: string, request: NumberedRequest, at: number): Step<void> {
  session.notifyEngines()
  if (request.kind === 'cancel') {
    session.run(APPLY_CANCEL, request.at, executionId, request.number)
    return
  }
  const pausedAt = request.kind === 'pause' ? request.at : null
  if ((yield* session.run(APPLY_PAUSE, pausedAt, executionId, request.number)) === 0) return
  answerAll(session, request, DONE, at)
}

/** Answers the request that waits when its execution ends: it is a cancel that did this, or it comes too late. */
export function answerAtEnd(
  session: Session,
  record: Pick<OwnedRecord, 'request' | 'request_number'>,
  end: ExecutionEnd,
  cancelReport = NOTHING_STOPPED,
): void {
  const request = requestOf(record)
  if (request === null) return
  session.notifyEngines()
  const isDone = request.kind === 'cancel' && end.status === 'Cancelled'
  const text = isDone ? cancelReport : `The execution had already ended: ${end.status}.`
  answerAll(session, request, { isRefused: !isDone, text }, end.endedAt)
}

export function answerAll(session: Session, { actionIds }: SteeringRequest, answer: ActionAnswer, at: number): void {
  for (const id of actionIds) storeAnswer(session, id, answer, at)
}
