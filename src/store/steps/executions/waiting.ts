/** Steps that list executions without a living engine that runs them or has their workflow. */

import type { WaitingWorkflow } from '../../../model/history.ts'
import type { Session, Step } from '../../session.ts'

/** `living`: `seq` of each engine that seems alive. */
export function* listWaiting(
  session: Session,
  ids: readonly string[],
  createdUntil: number,
  living: ReadonlySet<number>,
): Step<ReadonlySet<string>> {
  const values = [createdUntil, [...living], ids]
  const records = yield* session.all<{ readonly id: string }>(session.sql.executions.listWaiting, ...values)
  return new Set(records.map(({ id }) => id))
}

export function* countWaiting(
  session: Session,
  createdUntil: number,
  living: ReadonlySet<number>,
): Step<readonly WaitingWorkflow[]> {
  return yield* session.all<WaitingWorkflow>(session.sql.executions.countWaiting, createdUntil, [...living])
}
