/** The store's actions: a step for each method of the port. */

import type { ActionStore } from '../../../engine/ports.ts'
import type { ActionAnswer, NewAction } from '../../../model/action.ts'
import type { AddStep } from '../../steps.ts'
import type { Connection } from '../file/connection.ts'
import {
  answerAction,
  askAction,
  getAction,
  listActions,
  listUnanswered,
  recordAction,
  removeAction,
} from './action-steps.ts'

export function actionStore(step: AddStep<Connection>): ActionStore {
  return {
    ask: (action: NewAction) => step('accept', (connection) => askAction(connection, action)),
    record: (action: NewAction, answer: ActionAnswer) =>
      step('accept', (connection) => recordAction(connection, action, answer)),
    unanswered: (limit) => step('read', (connection) => listUnanswered(connection, limit)),
    answer: (id, answer, at) => step('accept', (connection) => answerAction(connection, id, answer, at)),
    remove: (id) => step('accept', (connection) => removeAction(connection, id)),
    get: (id) => step('read', (connection) => getAction(connection, id)),
    list: (target, page) => step('read', (connection) => listActions(connection, target, page)),
  }
}
