/** Removal of old events, firings and polls, for steps that are not generators. */

import type { Step } from '../../session.ts'
import * as pruning from '../../steps/graphs/pruning.ts'
import type { Connection } from '../file/connection.ts'
import { finish, SqliteSession } from '../file/session.ts'
import { SQL } from '../sql.ts'

export function pruneEvents(connection: Connection, before: number): number {
  return finished(connection, (session) => pruning.pruneEvents(session, before))
}

export function pruneReactorFirings(connection: Connection, before: number): number {
  return finished(connection, (session) => pruning.pruneReactorFirings(session, before))
}

export function prunePolls(connection: Connection, outcome: string, before: number): number {
  return finished(connection, (session) => pruning.prunePolls(session, outcome, before))
}

function finished<Result>(connection: Connection, body: (session: SqliteSession) => Step<Result>): Result {
  return finish(body(new SqliteSession(connection, SQL)))
}
