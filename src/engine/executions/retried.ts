/** Which tasks of an execution that is tried again are run, and which keep what they came to. Pure. */

import { UsageError } from '../../errors.ts'
import type { Execution } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { NewExecution, NewTask } from '../ports.ts'

export interface RetryScope {
  /** This task and all that come after it. Null: those that did not complete. */
  readonly from: string | null
  /** Everything. */
  readonly all: boolean
}

/**
 * A new execution of the workflow as the code declares it now, with the input of the old one. Throws `INVALID_ARGUMENT` for
 * a task that there is none of, and `ACTION_REFUSED` where nothing would run.
 */
export function retriedExecution(
  id: string,
  original: Execution,
  definition: WorkflowDefinition,
  scope: RetryScope,
): NewExecution {
  const again = scope.all ? null : tasksFrom(definition, scope.from)
  const completed = new Map(
    original.tasks.filter(({ status }) => status === 'Completed').map((task) => [task.taskId, task]),
  )
  const tasks = definition.tasks.map(({ id: taskId, fullName }): NewTask => {
    const kept = again === null || again.has(taskId) ? undefined : completed.get(taskId)
    return kept === undefined ? { taskId, fullName } : { taskId, fullName, kept }
  })
  if (tasks.length > 0 && tasks.every(({ kept }) => kept !== undefined)) throw nothingToRetry(original.id)
  const { workflow, inputText } = original
  return { id, workflow, version: definition.version, inputText, tasks, retryOf: original.id }
}

/** The task and all that depend on it, however far. */
function tasksFrom(definition: WorkflowDefinition, from: string | null): ReadonlySet<string> {
  if (from === null) return new Set()
  const names = definition.tasks.map(({ id }) => id)
  if (!names.includes(from)) {
    const message = `Workflow "${definition.key}" has no task "${from}".${didYouMean(from, names)}`
    throw new UsageError('INVALID_ARGUMENT', message, { workflow: definition.key, task: from, path: 'from' })
  }
  const found = new Set([from])
  for (const task of found) {
    for (const { id, dependencies } of definition.tasks) if (dependencies.includes(task)) found.add(id)
  }
  return found
}

function nothingToRetry(executionId: string): UsageError {
  const message = `Nothing to retry: execution "${executionId}" has completed. To run the execution again, set "from" to its first task, or set "all".`
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
