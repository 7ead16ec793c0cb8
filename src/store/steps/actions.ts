/** Steps of actions, and parts of the steps that record an action in the same transaction. */

import type { ActionStore, PageAfter } from '../../engine/ports.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../model/action.ts'
import { type ActionRecord, actionRow } from '../history-rows.ts'
import type { RunStep, Session, Step } from '../session.ts'
import {
  ANSWER_ACTION,
  DELETE_ACTION,
  FIND_ACTION,
  GET_ACTION,
  INSERT_ACTION,
  LIST_ACTIONS,
  LIST_ACTIONS_ON,
  LIST_UNANSWERED,
} from '../sql/actions.ts'
import { placeAfter } from './pages.ts'

export function actionStore(run: RunStep): ActionStore {
  return {
    ask: (action) =>
      run('accept', function* (session) {
        askAction(session, action)
      }),
    record: (action, answer) =>
      run('accept', function* (session) {
        recordAction(session, action, answer)
      }),
    unanswered: (limit) => run('read', (session) => listUnanswered(session, limit)),
    answer: (id, answer, at) => run('accept', (session) => answerAction(session, id, answer, at)),
    remove: (id) =>
      run('accept', function* (session) {
        session.run(DELETE_ACTION, id)
      }),
    get: (id) => run('read', (session) => getAction(session, id)),
    list: (target, page) => run('read', (session) => listActions(session, target, page)),
  }
}

export function askAction(session: Session, action: NewAction): void {
  const { id, kind, target, source, note, argumentsText, at } = action
  session.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

/** Records an action together with its answer. */
export function recordAction(session: Session, action: NewAction, answer: ActionAnswer): void {
  askAction(session, action)
  session.run(ANSWER_ACTION, action.at, answer.isRefused, answer.text, action.id)
}

/** Records an action as done if the part of the step before it returns true. Returns that result. */
export function* recordedIf(part: Step<boolean>, session: Session, action: NewAction | undefined): Step<boolean> {
  const isDone = yield* part
  if (isDone && action !== undefined) recordAction(session, action, { isRefused: false, text: null })
  return isDone
}

/** Returns false if the action was answered before, or does not exist. */
export function* answerAction(session: Session, id: string, answer: ActionAnswer, at: number): Step<boolean> {
  return (yield* session.run(ANSWER_ACTION, at, answer.isRefused, answer.text, id)) === 1
}

function* getAction(session: Session, id: string): Step<ActionRow | null> {
  const record = yield* session.one<ActionRecord>(GET_ACTION, id)
  return record === undefined ? null : actionRow(record)
}

/** Oldest first. */
function* listUnanswered(session: Session, limit: number): Step<readonly ActionRow[]> {
  return (yield* session.all<ActionRecord>(LIST_UNANSWERED, limit)).map(actionRow)
}

/** Newest first; the actions on all targets if `target` is null. */
function* listActions(
  session: Session,
  target: string | null,
  { limit, offset, after }: PageAfter,
): Step<readonly ActionRow[]> {
  const place = yield* placeAfter(session, FIND_ACTION, after)
  if (place === null) return []
  const records =
    target === null
      ? yield* session.all<ActionRecord>(LIST_ACTIONS, place.seq, limit, offset)
      : yield* session.all<ActionRecord>(LIST_ACTIONS_ON, target, place.seq, limit, offset)
  return records.map(actionRow)
}
