/** Steps that list executions without a living engine that runs them or has their workflow. */

import type { WaitingWorkflow } from '../../../model/history.ts'
import type { Session, Step } from '../../session.ts'

/** Returns the `seq` of each engine that seems to be alive. */
export type FindLiving = (session: Session) => Step<ReadonlySet<number>>

export function* listWaiting(
  session: Session,
  ids: readonly string[],
  createdUntil: number,
  livingSeqs: FindLiving,
): Step<ReadonlySet<string>> {
  const values = [createdUntil, [...(yield* livingSeqs(session))], ids]
  const records = yield* session.all<{ readonly id: string }>(session.sql.executions.listWaiting, ...values)
  return new Set(records.map(({ id }) => id))
}

export function* countWaiting(
  session: Session,
  createdUntil: number,
  livingSeqs: FindLiving,
): Step<readonly WaitingWorkflow[]> {
  return yield* session.all<WaitingWorkflow>(session.sql.executions.countWaiting, createdUntil, [
    ...(yield* livingSeqs(session)),
  ])
}
