/** Parts of steps that record and answer actions, for steps that are not generators. */

import type { ActionAnswer, NewAction } from '../../../model/action.ts'
import { ANSWER_ACTION, INSERT_ACTION } from '../../sql/actions.ts'
import type { Connection } from '../file/connection.ts'

export function askAction(connection: Connection, action: NewAction): void {
  const { id, kind, target, source, note, argumentsText, at } = action
  connection.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

export function recordAction(connection: Connection, action: NewAction, answer: ActionAnswer): void {
  askAction(connection, action)
  answerAction(connection, action.id, answer, action.at)
}

export function answerAction(connection: Connection, id: string, answer: ActionAnswer, at: number): boolean {
  return connection.run(ANSWER_ACTION, at, Number(answer.isRefused), answer.text, id) === 1
}
