/** Steps that list attempts. */

import type { AttemptRow } from '../../../model/execution.ts'
import { type AttemptRecord, attemptRow } from '../../history-rows.ts'
import type { Connection } from '../file/connection.ts'
import { LIST_ATTEMPTS } from './attempt-queries.ts'

export function listAttempts(connection: Connection, executionId: string): readonly AttemptRow[] {
  return connection.all<AttemptRecord>(LIST_ATTEMPTS, executionId, executionId).map(attemptRow)
}
