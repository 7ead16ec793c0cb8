/** Steps of approvals. The wait of an approval decides: a step that ends the wait also ends the approval. */

import type { PageAfter } from '../../../engine/store-ports.ts'
import type { ApprovalFilter, ApprovalStore, NewAnswer } from '../../../engine/waits/approval-store.ts'
import type { NewAction } from '../../../model/action.ts'
import { type JsonObject, parseExactly } from '../../../model/context.ts'
import type { ApprovalAnswer, ApprovalRow } from '../../../model/waits.ts'
import * as sql from '../../sql/executions/approval-sql.ts'
import type { Stored } from '../../store-rows.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { ACTION_DONE, recordAction } from '../action-steps.ts'
import { endWaits, lockExecutions, type WaitKey } from './ended-waits.ts'

type ApprovalRecord = Stored<Omit<ApprovalRow, 'valuesText'>, 'form' | 'answer'>

export function approvalStore(run: RunStep): ApprovalStore {
  return {
    get: stepMethod(run, 'read', function* (session, id, at) {
      const record = yield* session.one<ApprovalRecord>(sql.GET_APPROVAL, id, at)
      return record === undefined ? null : approvalRow(record)
    }),
    list: stepMethod(run, 'read', listApprovals),
    countOpen: stepMethod(run, 'read', function* (session, at) {
      return (yield* session.one<{ readonly open: number }>(sql.COUNT_OPEN_APPROVALS, at))?.open ?? 0
    }),
    // Alone: it locks an execution.
    answer: stepMethod(run, 'accept', answer, 'alone'),
  }
}

function* answer(session: Session, id: string, given: NewAnswer, action: NewAction): Step<readonly string[] | null> {
  const open = yield* session.one<WaitKey>(sql.FIND_OPEN_APPROVAL, id, given.at)
  if (open === undefined) return null
  yield* lockExecutions(session, [open.execution_seq])
  // Again: the approval may have ended before the lock, and its node may have opened another approval.
  const wait = yield* session.one<WaitKey>(sql.FIND_OPEN_APPROVAL, id, given.at)
  if (wait === undefined) return null
  const payloadText = answerText(given)
  const { ended, available } = yield* endWaits(session, [wait], { kind: 'answered', endedAt: given.at, payloadText })
  if (ended.length === 0) return null
  session.run(sql.ANSWER_APPROVAL, id, given.at, payloadText)
  recordAction(session, { action, answer: ACTION_DONE })
  return available
}

function* listApprovals(
  session: Session,
  filter: ApprovalFilter,
  { limit, offset, after }: PageAfter,
  at: number,
): Step<readonly ApprovalRow[]> {
  const { state = null } = filter
  const workflow = filter.workflow ?? null
  const place = after === undefined ? { seq: 0 } : yield* session.one<{ seq: number }>(sql.FIND_APPROVAL_PLACE, after)
  if (place === undefined) return []
  const records =
    state === 'open'
      ? yield* session.all<ApprovalRecord>(sql.LIST_OPEN_APPROVALS, limit, offset, place.seq, at, workflow)
      : yield* session.all<ApprovalRecord>(sql.LIST_APPROVALS, limit, offset, place.seq, at, state, workflow)
  return records.map(approvalRow)
}

function approvalRow({ form, answer, ...row }: ApprovalRecord): ApprovalRow {
  return {
    ...row,
    form: form === null ? null : (JSON.parse(form) as JsonObject),
    answer: answer === null ? null : (JSON.parse(answer) as ApprovalAnswer),
    valuesText: answer === null ? null : exactValues(answer),
  }
}

/** Returns the JSON of an `ApprovalAnswer`, with the numbers of the values as they are written. */
function answerText({ approved, valuesText, by, at, note }: NewAnswer): string {
  return JSON.stringify({ approved, values: parseExactly(valuesText), by, at, note })
}

function exactValues(answer: string): string {
  return JSON.stringify((parseExactly(answer) as { readonly values: unknown }).values)
}
