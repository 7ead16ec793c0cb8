/** Removal of old events, firings and polls, for steps that are not generators. */

import type { Step, Session as StepSession } from '../../session.ts'
import * as pruning from '../../steps/graphs/pruning.ts'
import type { Session } from '../session/session.ts'
import { carryOut } from '../session/step-session.ts'
import { SQL } from '../sql.ts'

export function pruneEvents(session: Session, before: number): Promise<number> {
  return carriedOut(session, (session) => pruning.pruneEvents(session, before))
}

export function pruneReactorFirings(session: Session, before: number): Promise<number> {
  return carriedOut(session, (session) => pruning.pruneReactorFirings(session, before))
}

/** Removes polls with each of the outcomes. */
export async function prunePolls(session: Session, outcomes: readonly string[], before: number): Promise<number> {
  const removed = outcomes.map((outcome) =>
    carriedOut(session, (session) => pruning.prunePolls(session, outcome, before)),
  )
  return (await Promise.all(removed)).reduce((sum, rows) => sum + rows, 0)
}

function carriedOut<Result>(session: Session, body: (session: StepSession) => Step<Result>): Promise<Result> {
  return carryOut(session, body, SQL)
}
