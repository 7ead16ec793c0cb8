/** Parts of steps that apply and answer requests for executions. */

import type { ExecutionEnd } from '../../../engine/store-ports.ts'
import type { ActionAnswer, NumberedRequest, SteeringRequest } from '../../../model/action.ts'
import { LIST_AWAITED_CHILDREN } from '../../sql/executions/chain-sql.ts'
import { APPLY_CANCEL, APPLY_PAUSE, STORE_REQUEST } from '../../sql/executions/execution-sql.ts'
import { type OwnedRecord, storedRequest } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { ACTION_DONE, askAction, storeAnswer } from '../action-steps.ts'

/** Answer to a request that a newer request of another kind replaced. */
export const REPLACED: ActionAnswer = {
  isRefused: true,
  text: 'Before an engine applied this request, a newer request replaced it.',
}

const PARENT_CANCELLED = 'the execution that waits for it was cancelled'

const NOTHING_STOPPED = JSON.stringify({ stopped: 0, lostScripts: [] })

/** Applies the owner's request unless a newer one replaced it. Notifies other engines: a caller may wait. */
export function* applyByOwner(session: Session, executionId: string, request: NumberedRequest, at: number): Step<void> {
  session.notifyEngines()
  if (request.kind === 'cancel') {
    session.run(APPLY_CANCEL, request.at, executionId)
    yield* cancelChildren(session, executionId, request)
    return
  }
  const pausedAt = request.kind === 'pause' ? request.at : null
  if ((yield* session.run(APPLY_PAUSE, pausedAt, executionId, request.number)) === 0) return
  answerAll(session, request, ACTION_DONE, at)
}

/** Requests the cancel of the children for which tasks of an execution wait. Their owners, or any engine, apply it. */
function* cancelChildren(session: Session, executionId: string, { at, waits }: NumberedRequest): Step<void> {
  for (const { id } of yield* session.all<{ readonly id: string }>(LIST_AWAITED_CHILDREN, executionId)) {
    const record = yield* session.one<OwnedRecord>(session.sql.executions.findForSteering, id)
    const waiting = record === undefined ? null : storedRequest(record)
    if (record === undefined || waiting?.kind === 'cancel') continue
    if (waiting !== null) answerAll(session, waiting, REPLACED, at)
    const actionId = session.newId()
    const action = { id: actionId, kind: 'cancel', target: id, source: 'engine', note: PARENT_CANCELLED, at } as const
    askAction(session, { ...action, argumentsText: JSON.stringify({ waits }) })
    const reason = `cancelled: ${PARENT_CANCELLED}`
    const request: SteeringRequest = { kind: 'cancel', waits, reason, actionIds: [actionId], at }
    session.run(STORE_REQUEST, JSON.stringify(request), id)
  }
}

/** Answers the waiting request when its execution ends: the cancel that ended it, or a request that came too late. */
export function answerAtEnd(
  session: Session,
  record: Pick<OwnedRecord, 'request' | 'request_number'>,
  end: ExecutionEnd,
  cancelReport = NOTHING_STOPPED,
): void {
  const request = storedRequest(record)
  if (request === null) return
  session.notifyEngines()
  const isDone = request.kind === 'cancel' && end.status === 'Cancelled'
  const text = isDone ? cancelReport : `The execution had already ended: ${end.status}.`
  answerAll(session, request, { isRefused: !isDone, text }, end.endedAt)
}

export function answerAll(session: Session, { actionIds }: SteeringRequest, answer: ActionAnswer, at: number): void {
  for (const id of actionIds) storeAnswer(session, id, answer, at)
}
