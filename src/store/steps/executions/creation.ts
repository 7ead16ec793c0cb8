/** Steps that create executions. Contexts are stored as text, without parsing them. */

import type { NewExecution, RecordedAction } from '../../../engine/ports.ts'
import type { ExecutionOrigin, TaskRun } from '../../../model/execution.ts'
import { originColumns } from '../../rows.ts'
import type { Session, Step } from '../../session.ts'
import { recordAction } from '../actions.ts'
import { TaskChanges } from './task-changes.ts'

/** An execution to be stored, and its origin. */
export interface Creation {
  readonly execution: NewExecution
  readonly origin: ExecutionOrigin
  readonly at: number
  /** Recorded in the same step. */
  readonly recorded?: RecordedAction | undefined
}

export function* createExecutions(session: Session, creations: readonly Creation[]): Step<void> {
  yield* insertExecutions(session, creations)
  for (const { recorded } of creations) {
    if (recorded !== undefined) recordAction(session, recorded.action, recorded.answer)
  }
}

/** Notifies other engines unless the same transaction acquires the executions. */
export function* insertExecutions(session: Session, creations: readonly Creation[]): Step<void> {
  const { insert, insertTasks } = session.sql.executions
  session.notifyEnginesOf(creations.map(({ execution: { id } }) => id))
  const last = creations.length - 1
  const executions = creations.map(({ execution, origin, at }, index) => {
    const { id, workflow, version, inputText, retryOf = null } = execution
    return [id, workflow, version, origin.kind, ...originColumns(origin), at, retryOf, inputText, last - index]
  })
  for (const statement of insert) session.each(statement, executions)
  const tasks = creations.flatMap(({ execution: { id, tasks } }, index) =>
    tasks.map(({ taskId, fullName }, position) => [id, position, taskId, fullName, last - index]),
  )
  session.each(insertTasks, tasks)
  for (const { execution } of creations) {
    const kept = execution.tasks.flatMap((task) => task.kept ?? [])
    if (kept.length > 0) yield* keepOutcomes(session, execution.id, kept)
  }
}

/** Stores the outcomes of tasks that are taken over from the execution that is retried. */
function* keepOutcomes(session: Session, id: string, kept: readonly TaskRun[]): Step<void> {
  const statement = 'SELECT execution_seq AS seq FROM active_executions WHERE id = $1'
  const found = yield* session.one<{ readonly seq: number }>(statement, id)
  const changes = new TaskChanges()
  for (const task of kept) changes.add(found?.seq ?? 0, { ...task, recoveries: 0, notBeforeAt: null })
  changes.write(session)
}
