/** What happens to attempts. Each function is part of a step, or its body, and runs in its transaction. */

import type { AttemptRow } from '../../../model/execution.ts'
import { PROCESS_DIED } from '../../history-rows.ts'
import { faultText } from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import { INSERT_ATTEMPT, INSERT_LOST_ATTEMPTS } from './attempt-queries.ts'

export function insertAttempt(connection: Connection, executionSeq: number, ended: AttemptRow): void {
  const { taskId, attempt, outcome, queuedAt, startedAt, endedAt, error } = ended
  const values = [executionSeq, taskId, attempt, outcome, queuedAt, startedAt, endedAt, faultText(error)]
  connection.run(INSERT_ATTEMPT, ...values)
}

/** The attempts that an execution was in when its owner died. */
export function insertLostAttempts(connection: Connection, executionSeq: number, at: number): void {
  connection.run(INSERT_LOST_ATTEMPTS, at, faultText(PROCESS_DIED), executionSeq)
}
