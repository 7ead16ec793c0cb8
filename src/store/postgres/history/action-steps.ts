/** Parts of steps that record and answer actions, for steps that are not generators. */

import type { ActionAnswer, NewAction } from '../../../model/action.ts'
import { ANSWER_ACTION, INSERT_ACTION } from '../../sql/actions.ts'
import type { Session } from '../session/session.ts'

export async function askAction(session: Session, action: NewAction): Promise<void> {
  const { id, kind, target, source, note, argumentsText, at } = action
  await session.run(INSERT_ACTION, id, kind, target, source, note, argumentsText, at)
}

export async function answerAction(session: Session, id: string, answer: ActionAnswer, at: number): Promise<boolean> {
  return (await session.run(ANSWER_ACTION, at, answer.isRefused, answer.text, id)) === 1
}

export async function recordAction(session: Session, action: NewAction, answer: ActionAnswer): Promise<void> {
  await Promise.all([askAction(session, action), answerAction(session, action.id, answer, action.at)])
}
