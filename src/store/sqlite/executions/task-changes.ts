/**
 * What a settlement says of one task, written into its row. Called by `execution-steps.ts`, in the transaction of its step. Whatever the row
 * said before, it says all of the change afterwards. Nearly all tasks are begun once and complete: for these two the statements have few values
 * to bind, since each costs.
 */

import type { Settlement, TaskChange } from '../../../engine/ports.ts'
import type { AttemptRow } from '../../../model/execution.ts'
import { faultText } from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import { BEGIN_TASK, COMPLETE_TASK, UPDATE_TASK } from './execution-queries.ts'

/** By task: those that the row of the task says all of, so that they need none of their own. */
export function completingAttempts({ attempts, changes }: Settlement): ReadonlyMap<string, AttemptRow> | null {
  if (attempts === undefined) return null
  const ended = new Map(attempts.map((attempt) => [attempt.taskId, attempt]))
  const completing = new Map<string, AttemptRow>()
  for (const task of changes) {
    const attempt = ended.get(task.taskId)
    if (attempt !== undefined && isTold(attempt, task)) completing.set(attempt.taskId, attempt)
  }
  return completing
}

/** Of a task that was recovered, an attempt of the same number may be stored as lost. */
function isTold(attempt: AttemptRow, task: TaskChange): boolean {
  return (
    attempt.outcome === 'completed' &&
    attempt.startedAt !== null &&
    task.status === 'Completed' &&
    task.recoveries === 0 &&
    task.attempts === attempt.attempt &&
    task.endedAt === attempt.endedAt
  )
}

/** `told`: the attempt that the change tells all of. False where there is no such task. */
export function writeTask(connection: Connection, seq: number, change: TaskChange, told?: AttemptRow): boolean {
  const { taskId, status, startedAt, endedAt, finishedOrder, outputText } = change
  if (!isOfFirstAttempt(change)) return writeAll(connection, seq, change, told)
  if (status === 'Completed') {
    const attempt = [told?.queuedAt ?? null, told?.startedAt ?? null]
    return connection.run(COMPLETE_TASK, startedAt, endedAt, finishedOrder, outputText, ...attempt, seq, taskId) > 0
  }
  if (status === 'Running' && endedAt === null && finishedOrder === null && outputText === null && told === undefined) {
    return connection.run(BEGIN_TASK, startedAt, seq, taskId) > 0
  }
  return writeAll(connection, seq, change, told)
}

/** What the short statements say of themselves. */
function isOfFirstAttempt({ attempts, recoveries, notBeforeAt, error }: TaskChange): boolean {
  return attempts === 1 && recoveries === 0 && notBeforeAt === null && error === null
}

function writeAll(connection: Connection, seq: number, change: TaskChange, told?: AttemptRow): boolean {
  const { taskId, status, attempts, recoveries, notBeforeAt, startedAt, endedAt, finishedOrder, outputText } = change
  const changed = connection.run(
    UPDATE_TASK,
    status,
    attempts,
    recoveries,
    notBeforeAt,
    startedAt,
    endedAt,
    finishedOrder,
    faultText(change.error),
    outputText,
    told?.queuedAt ?? null,
    told?.startedAt ?? null,
    seq,
    taskId,
  )
  return changed > 0
}
