/** How attempts change executions, and end them. Each function is the body of one step, or part of one, and runs in its transaction. */

import type { ExecutionEnd, Settlement } from '../../../engine/ports.ts'
import { StoreError } from '../../../errors.ts'
import type { ExecutionOrigin } from '../../../model/execution.ts'
import type { Connection } from '../file/connection.ts'
import { insertAttempt } from '../history/attempt-steps.ts'
import { COMPLETE_FIRING } from '../trigger-queries.ts'
import { DISOWN_EXECUTION, END_EXECUTION, FIND_FOR_SETTLING, INSERT_FINAL } from './execution-queries.ts'
import { answerAtEnd, applyByOwner } from './request-steps.ts'
import { completingAttempts, writeTask } from './task-changes.ts'

/** An execution that ends. */
export interface EndingRecord {
  readonly seq: number
  readonly origin: ExecutionOrigin['kind']
  readonly firing_id: string | null
}

interface SettlingRecord extends EndingRecord {
  readonly owner_seq: number | null
  readonly owner_number: number
}

/** Refuses a settlement under another number than that of the present owner: another engine took it over, or it has ended. */
export function settle(connection: Connection, settlement: Settlement, at: number): void {
  const { executionId, applied } = settlement
  const record = connection.one<SettlingRecord>(FIND_FOR_SETTLING, executionId)
  if (record === undefined) throw cannotSettle(executionId, 'the execution does not exist')
  if (record.owner_seq === null) throw cannotSettle(executionId, 'the execution has ended, or no engine is running it')
  if (record.owner_number !== settlement.ownerNumber)
    throw cannotSettle(executionId, 'another engine has taken over the execution')
  const completing = completingAttempts(settlement)
  for (const change of settlement.changes) {
    const isThere = writeTask(connection, record.seq, change, completing?.get(change.taskId))
    if (!isThere) throw cannotSettle(executionId, `the execution has no task "${change.taskId}"`)
  }
  for (const attempt of settlement.attempts ?? []) {
    if (completing?.get(attempt.taskId) !== attempt) insertAttempt(connection, record.seq, attempt)
  }
  if (applied !== undefined) applyByOwner(connection, record.seq, applied, at)
  if (settlement.end !== null) writeEnd(connection, record, settlement, settlement.end)
  else if (settlement.isGivenBack) connection.run(DISOWN_EXECUTION, record.seq)
}

/** Also answers the request that waits. */
export function writeEnd(
  connection: Connection,
  record: EndingRecord,
  { changes, cancelReport }: Pick<Settlement, 'changes' | 'cancelReport'>,
  end: ExecutionEnd,
): void {
  answerAtEnd(connection, record.seq, end, cancelReport)
  // Nearly always the output of the task that has just finished, which is stored already.
  const finalTask = changes.find((change) => change.outputText === end.finalText)
  connection.run(END_EXECUTION, end.status, end.endedAt, end.errorMessage, finalTask?.taskId ?? null, record.seq)
  if (finalTask === undefined) connection.run(INSERT_FINAL, record.seq, end.finalText)
  if (record.origin === 'trigger') connection.run(COMPLETE_FIRING, end.endedAt, record.firing_id)
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `Cannot store the result of execution "${executionId}": ${why}.`, {
    executionId,
  })
}
