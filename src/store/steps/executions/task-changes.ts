/**
 * Changes of task runs. The row contains all of a change afterwards, whatever it contained before. The row of a task
 * also contains the attempt that completed the task, unless more is known of the attempt than of the task.
 */

import type { Settlement, TaskChange } from '../../../engine/store-ports.ts'
import type { AttemptRow, TaskStatus } from '../../../model/execution.ts'
import { faultText } from '../../store-rows.ts'
import type { Reply, RowValues, Session } from '../../store-session.ts'

type Change = Omit<TaskChange, 'status'> & { readonly status: TaskStatus }

export class TaskChanges {
  readonly #begun: RowValues[] = []
  readonly #completed: RowValues[] = []
  readonly #changed: RowValues[] = []

  get count(): number {
    return this.#begun.length + this.#completed.length + this.#changed.length
  }

  /** Adds a change. `seq`: of the execution. `attempt`: the attempt that the row of the task contains. */
  add(seq: number, change: Change, attempt?: AttemptRow): void {
    const {
      taskId,
      status,
      attempts,
      recoveries,
      triesLater = 0,
      notBeforeAt,
      startedAt,
      endedAt,
      finishedOrder,
      outputText,
    } = change
    const queuedAt = attempt?.queuedAt ?? null
    const attemptAt = attempt?.startedAt ?? null
    const isFirst = isOfFirstAttempt(change)
    if (isFirst && status === 'Completed') {
      this.#completed.push([startedAt, endedAt, finishedOrder, queuedAt, attemptAt, outputText, seq, taskId])
    } else if (isFirst && isRunning(change)) {
      this.#begun.push([startedAt, seq, taskId])
    } else {
      const state = [status, attempts, recoveries, triesLater, notBeforeAt, startedAt, endedAt, finishedOrder]
      this.#changed.push([...state, faultText(change.error), queuedAt, attemptAt, outputText, seq, taskId])
    }
  }

  /** Returns replies whose sum is the number of changed tasks. */
  write(session: Session): readonly Reply<number>[] {
    const { beginTask, completeTask, changeTask } = session.sql.executions
    return [
      session.each(beginTask, this.#begun),
      session.each(completeTask, this.#completed),
      session.each(changeTask, this.#changed),
    ]
  }
}

function isRunning({ status, endedAt, finishedOrder, outputText }: Change): boolean {
  return status === 'Running' && endedAt === null && finishedOrder === null && outputText === null
}

function isOfFirstAttempt({ attempts, recoveries, triesLater = 0, notBeforeAt, error }: Change): boolean {
  return attempts === 1 && recoveries === 0 && triesLater === 0 && notBeforeAt === null && error === null
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
