/** Steps of actions, and parts of the steps that record an action in the same transaction. */

import type { ActionStore } from '../../engine/store.ts'
import type { ActionFilter, PageAfter, RecordedAction, SwitchFilter } from '../../engine/store-ports.ts'
import type { ActionAnswer, ActionRow, NewAction, SwitchRow } from '../../model/action.ts'
import { withNames } from '../sql/named.ts'
import type { Stored } from '../store-rows.ts'
import { type Reply, type RunStep, type Session, type Step, stepMethod } from '../store-session.ts'
import { placeAfter } from './row-places.ts'

interface ActionRecord extends Omit<ActionRow, 'answer'>, Stored<{ readonly isRefused: boolean }, never, 'isRefused'> {
  readonly answer: string | null
}

const COLUMNS = withNames(`
  id, kind, target, source, note, arguments AS "argumentsText", created_at AS at, answered_at, is_refused, answer`)

const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

const ANSWER_ACTION = `
UPDATE actions SET answered_at = $1, is_refused = $2, answer = $3 WHERE id = $4 AND answered_at IS NULL`

const GET_ACTION = `SELECT ${COLUMNS} FROM actions WHERE id = $1`

const LIST_UNANSWERED = `SELECT ${COLUMNS} FROM actions WHERE answered_at IS NULL ORDER BY seq LIMIT $1`

const listActionsSql = (condition: string): string => `
SELECT ${COLUMNS} FROM actions WHERE seq < $1 AND created_at >= $4 AND created_at < $5 ${condition}
ORDER BY seq DESC LIMIT $2 OFFSET $3`

const LIST_ACTIONS = listActionsSql('')

const SWITCHES = `
SELECT id, kind, source, note, created_at AS at FROM actions
WHERE target = $1 AND kind IN ('enable', 'disable') AND NOT is_refused`

/** Newest first. Values: the target, the period, the maximum number. */
const LIST_SWITCHES = `
${SWITCHES} AND created_at >= $2 AND created_at < $3 ORDER BY created_at DESC, seq DESC LIMIT $4`

const LAST_SWITCH_BEFORE = `
${SWITCHES} AND created_at < $2 ORDER BY created_at DESC, seq DESC LIMIT 1`

const LIST_ACTIONS_ON = listActionsSql('AND target = $6')

export const ACTION_DONE: ActionAnswer = { isRefused: false, text: null }

export function actionStore(run: RunStep): ActionStore {
  return {
    ask: stepMethod(run, 'accept', function* (session, action) {
      askAction(session, action)
    }),
    record: stepMethod(run, 'accept', function* (session, action, answer) {
      recordAction(session, { action, answer })
    }),
    unanswered: stepMethod(run, 'read', function* (session, limit) {
      return (yield* session.all<ActionRecord>(LIST_UNANSWERED, limit)).map(actionRow)
    }),
    answer: stepMethod(run, 'accept', function* (session, id, answer, at) {
      return (yield* storeAnswer(session, id, answer, at)) === 1
    }),
    remove: stepMethod(run, 'accept', function* (session, id) {
      session.run('DELETE FROM actions WHERE id = $1', id)
    }),
    get: stepMethod(run, 'read', function* (session, id) {
      const record = yield* session.one<ActionRecord>(GET_ACTION, id)
      return record === undefined ? null : actionRow(record)
    }),
    list: stepMethod(run, 'read', listActions),
    switches: stepMethod(run, 'read', listSwitches),
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

export function recordAction(session: Session, recorded: RecordedAction | undefined): void {
  if (recorded === undefined) return
  const { action, answer, answeredAt } = recorded
  if (answeredAt === undefined) askAction(session, action)
  storeAnswer(session, action.id, answer, answeredAt ?? action.at)
}

/** Records an action as done if its step changed something, and returns whether it did. */
export function recordActionIf(isDone: boolean, session: Session, action: NewAction | undefined): boolean {
  if (isDone && action !== undefined) recordAction(session, { action, answer: ACTION_DONE })
  return isDone
}

function* listSwitches(
  session: Session,
  target: string,
  { sinceAt, untilAt, limit }: SwitchFilter,
): Step<readonly SwitchRow[]> {
  const listing = session.all<SwitchRow>(LIST_SWITCHES, target, sinceAt, untilAt, limit)
  const before = session.all<SwitchRow>(LAST_SWITCH_BEFORE, target, sinceAt)
  const switches = yield* listing
  return switches.length < limit ? [...switches, ...(yield* before)] : switches
}

function* listActions(
  session: Session,
  { target, sinceAt = Number.MIN_SAFE_INTEGER, untilAt = Number.MAX_SAFE_INTEGER }: ActionFilter,
  { limit, offset, after }: PageAfter,
): Step<readonly ActionRow[]> {
  const place = yield* placeAfter(session, 'SELECT created_at AS at, seq FROM actions WHERE id = $1', after)
  if (place === null) return []
  const page = [place.seq, limit, offset, sinceAt, untilAt] as const
  const rows =
    target === undefined
      ? yield* session.all<ActionRecord>(LIST_ACTIONS, ...page)
      : yield* session.all<ActionRecord>(LIST_ACTIONS_ON, ...page, target)
  return rows.map(actionRow)
}

function actionRow({ isRefused, answer: text, ...row }: ActionRecord): ActionRow {
  return { ...row, answer: row.answeredAt === null ? null : { isRefused: Boolean(isRefused), text } }
}
