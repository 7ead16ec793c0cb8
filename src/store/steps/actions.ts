/** Steps of actions, and parts of the steps that record an action in the same transaction. */

import type { ActionStore, PageAfter } from '../../engine/ports.ts'
import type { ActionAnswer, ActionRow, NewAction } from '../../model/action.ts'
import type { Stored } from '../rows.ts'
import { method, type Reply, type RunStep, type Session, type Step } from '../session.ts'
import { named } from '../sql/named.ts'
import { placeAfter } from './pages.ts'

interface ActionRecord extends Omit<ActionRow, 'answer'>, Stored<{ readonly isRefused: boolean }, never, 'isRefused'> {
  readonly answer: string | null
}

const COLUMNS = named(`
  id, kind, target, source, note, arguments AS "argumentsText", created_at AS at, answered_at, is_refused, answer`)

const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

/** Stores the first answer and ignores later ones. */
const ANSWER_ACTION = `
UPDATE actions SET answered_at = $1, is_refused = $2, answer = $3 WHERE id = $4 AND answered_at IS NULL`

const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = $1`

const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT $1`

/** The page that starts after a place in the order. */
const LIST_ACTIONS = `SELECT ${COLUMNS} FROM actions WHERE seq < $1 ORDER BY seq DESC LIMIT $2 OFFSET $3`

const LIST_ACTIONS_ON = `
SELECT ${COLUMNS} FROM actions WHERE seq < $1 AND target = $4 ORDER BY seq DESC LIMIT $2 OFFSET $3`

export function actionStore(run: RunStep): ActionStore {
  return {
    ask: method(run, 'accept', function* (session, action) {
      askAction(session, action)
    }),
    record: method(run, 'accept', function* (session, action, answer) {
      recordAction(session, action, answer)
    }),
    unanswered: method(run, 'read', function* (session, limit) {
      return (yield* session.all<ActionRecord>(LIST_UNANSWERED, limit)).map(actionRow)
    }),
    answer: method(run, 'accept', function* (session, id, answer, at) {
      return (yield* storeAnswer(session, id, answer, at)) === 1
    }),
    remove: method(run, 'accept', function* (session, id) {
      session.run('DELETE FROM actions WHERE id = $1', id)
    }),
    get: method(run, 'read', function* (session, id) {
      const record = yield* session.one<ActionRecord>(GET_ACTION, id)
      return record === undefined ? null : actionRow(record)
    }),
    list: method(run, 'read', listActions),
  }
}

export function askAction(session: Session, action: NewAction): void {
  const { id, kind, target, source, note, argumentsText, at } = action
  session.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

/** Returns the number of actions, which is 0 if the action was answered before, or does not exist. */
export function storeAnswer(
  session: Session,
  id: string,
  { isRefused, text }: ActionAnswer,
  at: number,
): Reply<number> {
  return session.run(ANSWER_ACTION, at, isRefused, text, id)
}

/** Records an action together with its answer. */
export function recordAction(session: Session, action: NewAction, answer: ActionAnswer): void {
  askAction(session, action)
  storeAnswer(session, action.id, answer, action.at)
}

/** Records an action as done if its step has changed something. Returns whether it has. */
export function recordedIf(isDone: boolean, session: Session, action: NewAction | undefined): boolean {
  if (isDone && action !== undefined) recordAction(session, action, { isRefused: false, text: null })
  return isDone
}

function* listActions(
  session: Session,
  target: string | null,
  { limit, offset, after }: PageAfter,
): Step<readonly ActionRow[]> {
  const place = yield* placeAfter(session, 'SELECT created_at AS at, seq FROM actions WHERE id = $1', after)
  if (place === null) return []
  const [statement, values] = target === null ? [LIST_ACTIONS, []] : [LIST_ACTIONS_ON, [target]]
  return (yield* session.all<ActionRecord>(statement, place.seq, limit, offset, ...values)).map(actionRow)
}

function actionRow({ isRefused, answer: text, ...row }: ActionRecord): ActionRow {
  return { ...row, answer: row.answeredAt === null ? null : { isRefused: Boolean(isRefused), text } }
}
