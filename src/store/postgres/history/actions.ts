/** The store's actions: a step for each method of the port. */

import type { ActionStore } from '../../../engine/ports.ts'
import { type ActionRecord, actionRow } from '../../history-rows.ts'
import type { AddStep } from '../steps.ts'
import { answerAction, askAction, recordAction } from './action-steps.ts'

const COLUMNS = 'id, kind, target, source, note, arguments, created_at, answered_at, is_refused, answer'

const DELETE_ACTION = 'DELETE FROM actions WHERE id = $1'

const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = $1`

const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT $1`

/** On one target, or on all; behind one, or from the newest on. */
const listing = (isOfTarget: boolean) => `
SELECT ${COLUMNS} FROM actions
WHERE ($3::text IS NULL OR seq < (SELECT seq FROM actions WHERE id = $3))${isOfTarget ? ' AND target = $4' : ''}
ORDER BY seq DESC LIMIT $1 OFFSET $2`

export function actionStore(step: AddStep): ActionStore {
  return {
    ask: (action) =>
      step('accept', async (session) => {
        await askAction(session, action)
      }),
    record: (action, answer) => step('accept', (session) => recordAction(session, action, answer)),
    unanswered: (limit) =>
      step('read', async (session) => (await session.all<ActionRecord>(LIST_UNANSWERED, limit)).map(actionRow)),
    answer: (id, answer, at) => step('accept', (session) => answerAction(session, id, answer, at)),
    remove: (id) =>
      step('accept', async (session) => {
        await session.run(DELETE_ACTION, id)
      }),
    get: (id) =>
      step('read', async (session) => {
        const record = await session.one<ActionRecord>(GET_ACTION, id)
        return record === undefined ? null : actionRow(record)
      }),
    list: (target, { limit, offset, after = null }) =>
      step('read', async (session) => {
        const of = target === null ? [] : [target]
        return (await session.all<ActionRecord>(listing(target !== null), limit, offset, after, ...of)).map(actionRow)
      }),
  }
}
