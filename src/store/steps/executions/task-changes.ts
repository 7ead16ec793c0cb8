/**
 * Changes of task runs. The row contains all of a change afterwards, whatever it contained before. The row of a task
 * also contains the attempt that completed the task, unless more is known of the attempt than of the task.
 */

import type { Settlement, TaskChange } from '../../../engine/ports.ts'
import type { AttemptRow, TaskStatus } from '../../../model/execution.ts'
import { faultText } from '../../rows.ts'
import type { Reply, RowValues, Session } from '../../session.ts'

export interface TaskWrite {
  /** `seq` of the execution. */
  readonly seq: number
  readonly change: Omit<TaskChange, 'status'> & { readonly status: TaskStatus }
  /** The attempt that the row of the task contains. */
  readonly attempt?: AttemptRow | undefined
}

/** Returns replies whose sum is the number of changed tasks. */
export function writeTasks(session: Session, writes: readonly TaskWrite[]): readonly Reply<number>[] {
  const { beginTask, completeTask, changeTask } = session.sql.executions
  const [begun, completed, changed]: [RowValues[], RowValues[], RowValues[]] = [[], [], []]
  for (const { seq, change, attempt } of writes) {
    const { taskId, status, attempts, recoveries, notBeforeAt, startedAt, endedAt, finishedOrder, outputText } = change
    const times = [attempt?.queuedAt ?? null, attempt?.startedAt ?? null]
    if (begins(change, attempt)) begun.push([startedAt, seq, taskId])
    else if (status === 'Completed' && isOfFirstAttempt(change)) {
      completed.push([startedAt, endedAt, finishedOrder, ...times, outputText, seq, taskId])
    } else {
      const state = [status, attempts, recoveries, notBeforeAt, startedAt, endedAt, finishedOrder]
      changed.push([...state, faultText(change.error), ...times, outputText, seq, taskId])
    }
  }
  const replies: Reply<number>[] = []
  if (begun.length > 0) replies.push(session.each(beginTask, begun))
  if (completed.length > 0) replies.push(session.each(completeTask, completed))
  if (changed.length > 0) replies.push(session.each(changeTask, changed))
  return replies
}

function begins(change: TaskWrite['change'], attempt: AttemptRow | undefined): boolean {
  const { status, endedAt, finishedOrder, outputText } = change
  const isOpen = status === 'Running' && endedAt === null && finishedOrder === null && outputText === null
  return isOpen && attempt === undefined && isOfFirstAttempt(change)
}

function isOfFirstAttempt({ attempts, recoveries, notBeforeAt, error }: TaskWrite['change']): boolean {
  return attempts === 1 && recoveries === 0 && notBeforeAt === null && error === null
}

/** Returns the attempts that the rows of their tasks contain, by task. */
export function completingAttempts({ attempts, changes }: Settlement): ReadonlyMap<string, AttemptRow> | null {
  if (attempts === undefined) return null
  const ended = new Map(attempts.map((attempt) => [attempt.taskId, attempt]))
  const completing = new Map<string, AttemptRow>()
  for (const task of changes) {
    const attempt = ended.get(task.taskId)
    if (attempt !== undefined && isContained(attempt, task)) completing.set(attempt.taskId, attempt)
  }
  return completing
}

/** Returns false for a recovered task, because an attempt with the same number may be stored as lost. */
function isContained(attempt: AttemptRow, task: TaskChange): boolean {
  return (
    attempt.outcome === 'completed' &&
    attempt.startedAt !== null &&
    task.status === 'Completed' &&
    task.recoveries === 0 &&
    task.attempts === attempt.attempt &&
    task.endedAt === attempt.endedAt
  )
}
