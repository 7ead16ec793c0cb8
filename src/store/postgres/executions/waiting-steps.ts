/** Executions that wait for an engine, for steps that are not generators. */

import type { WaitingWorkflow } from '../../../model/history.ts'
import * as waiting from '../../steps/executions/waiting.ts'
import type { Session } from '../session/session.ts'
import { carryOut } from '../session/step-session.ts'
import { SQL } from '../sql.ts'

export function listWaiting(
  connection: Session,
  ids: readonly string[],
  createdUntil: number,
  living: ReadonlySet<number>,
): Promise<ReadonlySet<string>> {
  return carryOut(connection, (session) => waiting.listWaiting(session, ids, createdUntil, living), SQL)
}

export function countWaiting(
  connection: Session,
  createdUntil: number,
  living: ReadonlySet<number>,
): Promise<readonly WaitingWorkflow[]> {
  return carryOut(connection, (session) => waiting.countWaiting(session, createdUntil, living), SQL)
}
