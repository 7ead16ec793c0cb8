/** Executions that wait for an engine, for steps that are not generators. */

import type { WaitingWorkflow } from '../../../model/history.ts'
import * as waiting from '../../steps/executions/waiting.ts'
import type { Connection } from '../file/connection.ts'
import { finish, SqliteSession } from '../file/session.ts'
import { SQL } from '../sql.ts'

export function listWaiting(
  connection: Connection,
  ids: readonly string[],
  createdUntil: number,
  living: ReadonlySet<number>,
): ReadonlySet<string> {
  return finish(waiting.listWaiting(new SqliteSession(connection, SQL), ids, createdUntil, living))
}

export function countWaiting(
  connection: Connection,
  createdUntil: number,
  living: ReadonlySet<number>,
): readonly WaitingWorkflow[] {
  return finish(waiting.countWaiting(new SqliteSession(connection, SQL), createdUntil, living))
}
