/** The store's actions: a step for each method of the port. */

import type { ActionStore } from '../../../engine/ports.ts'
import { type ActionRecord, actionRow } from '../../history-rows.ts'
import type { Session } from '../session/session.ts'
import type { AddStep } from '../steps.ts'

const COLUMNS = 'id, kind, target, source, note, arguments, created_at, answered_at, is_refused, answer'

const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

/** Whoever answers first does: it is no answer any more for the others. */
const ANSWER_ACTION = `
UPDATE actions SET answered_at = $1, is_refused = $2, answer = $3 WHERE id = $4 AND answered_at IS NULL`

const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = $1`

const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT $1`

/** On one target, or on all; behind one, or from the newest on. */
const listing = (isOfTarget: boolean) => `
SELECT ${COLUMNS} FROM actions
WHERE ($3::text IS NULL OR seq < (SELECT seq FROM actions WHERE id = $3))${isOfTarget ? ' AND target = $4' : ''}
ORDER BY seq DESC LIMIT $1 OFFSET $2`

export function actionStore(step: AddStep): ActionStore {
  const ask: (session: Session, action: Parameters<ActionStore['ask']>[0]) => Promise<unknown> = (session, action) => {
    const { id, kind, target, source, note, argumentsText, at } = action
    return session.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
  }
  return {
    ask: (action) =>
      step('accept', async (session) => {
        await ask(session, action)
      }),
    record: (action, { isRefused, text }) =>
      step('accept', async (session) => {
        await Promise.all([ask(session, action), session.run(ANSWER_ACTION, action.at, isRefused, text, action.id)])
      }),
    unanswered: (limit) =>
      step('read', async (session) => (await session.all<ActionRecord>(LIST_UNANSWERED, limit)).map(actionRow)),
    answer: (id, { isRefused, text }, at) =>
      step('accept', async (session) => (await session.run(ANSWER_ACTION, at, isRefused, text, id)) === 1),
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
