/** How attempts change executions, and end them. Each function is the body of one step, or part of one, and runs in its transaction. */

import type { ExecutionEnd, Settlement } from '../../../engine/ports.ts'
import { StoreError } from '../../../errors.ts'
import type { ExecutionOrigin } from '../../../model/execution.ts'
import type { Connection } from '../file/connection.ts'
import { insertAttempt } from '../history/attempt-steps.ts'
import {
  COMPLETE_FIRING,
  DELETE_ACTIVE,
  DELETE_ACTIVE_FIRING,
  DISOWN_EXECUTION,
  FIND_ENDED,
  FIND_FOR_SETTLING,
  INSERT_FINAL,
  STORE_ENDED,
} from './execution-queries.ts'
import { answerAtEnd, applyByOwner } from './request-steps.ts'
import { completingAttempts, writeTask } from './task-changes.ts'

/** An execution that ends. */
export interface EndingRecord {
  readonly seq: number
  readonly id: string
  readonly origin: ExecutionOrigin['kind']
  readonly firing_id: string | null
}

const RELEASED = 'the execution has ended, or no engine is running it'

interface SettlingRecord extends EndingRecord {
  readonly owner_seq: number | null
  readonly owner_number: number
}

/** Refuses a settlement under another number than that of the present owner: another engine took it over, or it has ended. */
export function settle(connection: Connection, settlement: Settlement, at: number): void {
  const { executionId, applied } = settlement
  const record = connection.one<SettlingRecord>(FIND_FOR_SETTLING, executionId)
  if (record === undefined) {
    const isEnded = connection.one(FIND_ENDED, executionId) !== undefined
    throw cannotSettle(executionId, isEnded ? RELEASED : 'the execution does not exist')
  }
  if (record.owner_seq === null) throw cannotSettle(executionId, RELEASED)
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
  if (applied !== undefined) applyByOwner(connection, executionId, applied, at)
  if (settlement.end !== null) writeEnd(connection, record, settlement, settlement.end)
  else if (settlement.isGivenBack) connection.run(DISOWN_EXECUTION, executionId)
}

/** Also answers the request that waits. */
export function writeEnd(
  connection: Connection,
  record: EndingRecord,
  { changes, cancelReport }: Pick<Settlement, 'changes' | 'cancelReport'>,
  end: ExecutionEnd,
): void {
  answerAtEnd(connection, record.id, end, cancelReport)
  // Nearly always the output of the task that has just finished, which is stored already.
  const finalTask = changes.find((change) => change.outputText === end.finalText)
  connection.run(STORE_ENDED, end.status, end.endedAt, finalTask?.taskId ?? null, end.errorMessage, record.id)
  connection.run(DELETE_ACTIVE, record.id)
  if (finalTask === undefined) connection.run(INSERT_FINAL, record.seq, end.finalText)
  if (record.origin === 'trigger') completeFiring(connection, record.firing_id, end.endedAt)
}

/** Does nothing if the trigger was removed with its firings. */
function completeFiring(connection: Connection, firingId: string | null, at: number): void {
  if (connection.run(COMPLETE_FIRING, at, firingId) === 1) connection.run(DELETE_ACTIVE_FIRING, firingId)
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `Cannot store the result of execution "${executionId}": ${why}.`, {
    executionId,
  })
}
