/** What happens to actions. Each function is the body of one step, or part of one, and runs in its transaction. */

import type { PageAfter } from '../../../engine/ports.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../../model/action.ts'
import { type ActionRecord, actionRow } from '../../history-rows.ts'
import type { StepResult } from '../../steps.ts'
import type { Connection } from '../file/connection.ts'
import {
  ANSWER_ACTION,
  DELETE_ACTION,
  FIND_ACTION,
  GET_ACTION,
  INSERT_ACTION,
  LIST_ACTIONS,
  LIST_ACTIONS_ON,
  LIST_UNANSWERED,
} from './action-queries.ts'

export function askAction(connection: Connection, action: NewAction): void {
  const { id, kind, target, source, note, argumentsText, at } = action
  connection.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

/** An action with its answer: it was done by who asked for it. */
export function recordAction(connection: Connection, action: NewAction, answer: ActionAnswer): void {
  askAction(connection, action)
  answerAction(connection, action.id, answer, action.at)
}

/** Records an action as done when it was: `isDone` is returned. */
export function recordedIf(isDone: StepResult<boolean>, connection: Connection, action: NewAction | undefined) {
  if (isDone === true && action !== undefined) recordAction(connection, action, { isRefused: false, text: null })
  return isDone
}

/** False when it was answered before, or does not exist. */
export function answerAction(connection: Connection, id: string, answer: ActionAnswer, at: number): boolean {
  return connection.run(ANSWER_ACTION, at, Number(answer.isRefused), answer.text, id) === 1
}

export function removeAction(connection: Connection, id: string): void {
  connection.run(DELETE_ACTION, id)
}

export function getAction(connection: Connection, id: string): ActionRow | null {
  const record = connection.one<ActionRecord>(GET_ACTION, id)
  return record === undefined ? null : actionRow(record)
}

/** Oldest first. */
export function listUnanswered(connection: Connection, limit: number): readonly ActionRow[] {
  return connection.all<ActionRecord>(LIST_UNANSWERED, limit).map(actionRow)
}

/** Newest first; of everything when `target` is null. */
export function listActions(connection: Connection, target: string | null, page: PageAfter): readonly ActionRow[] {
  const { limit, offset, after } = page
  const place =
    after === undefined
      ? { seq: Number.MAX_SAFE_INTEGER }
      : connection.one<{ readonly seq: number }>(FIND_ACTION, after)
  if (place === undefined) return []
  const records =
    target === null
      ? connection.all<ActionRecord>(LIST_ACTIONS, place.seq, limit, offset)
      : connection.all<ActionRecord>(LIST_ACTIONS_ON, target, place.seq, limit, offset)
  return records.map(actionRow)
}
