/** Writes of actions. Each function is part of a step and runs in its transaction. */

import type { ActionAnswer, NewAction } from '../../../model/action.ts'
import type { StepResult } from '../../steps.ts'
import type { Session } from '../session/session.ts'

const INSERT_ACTION = `
INSERT INTO actions (id, kind, target, source, note, arguments, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

/** The first answer is stored; later ones are ignored. */
const ANSWER_ACTION = `
UPDATE actions SET answered_at = $1, is_refused = $2, answer = $3 WHERE id = $4 AND answered_at IS NULL`

export async function askAction(session: Session, action: NewAction): Promise<void> {
  const { id, kind, target, source, note, argumentsText, at } = action
  await session.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

/** False when it was answered before, or does not exist. */
export async function answerAction(session: Session, id: string, answer: ActionAnswer, at: number): Promise<boolean> {
  return (await session.run(ANSWER_ACTION, at, answer.isRefused, answer.text, id)) === 1
}

/** An action with its answer: it was done by the process that requested it. */
export async function recordAction(session: Session, action: NewAction, answer: ActionAnswer): Promise<void> {
  await Promise.all([askAction(session, action), answerAction(session, action.id, answer, action.at)])
}

/** Records an action as done when it was: `isDone` is returned. */
export async function recordedIf(
  isDone: StepResult<boolean>,
  session: Session,
  action: NewAction | undefined,
): Promise<boolean> {
  const done = await isDone
  if (done && action !== undefined) await recordAction(session, action, { isRefused: false, text: null })
  return done
}
