/** Decides which tasks of a retried execution run again, and which keep their outputs. Pure. */

import { UsageError } from '../../errors.ts'
import type { Execution } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { ContextCodec } from '../ports.ts'
import { slotFor } from '../starts/firing-context.ts'
import type { NewExecution, NewTask } from '../starts/new-executions.ts'

export interface RetryScope {
  /** Task that runs again with all tasks after it. Null: the tasks that did not complete. */
  readonly from: string | null
  readonly all: boolean
}

/**
 * Creates a retry with the priority of the original. Throws `INVALID_ARGUMENT` (unknown task), `ACTION_REFUSED`
 * (nothing to run), or `INVALID_CONTEXT` (no usable value for the limit of the workflow).
 */
export function retriedExecution(
  id: string,
  original: Execution,
  definition: WorkflowDefinition,
  scope: RetryScope,
  codec: ContextCodec,
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
  const { workflow, inputText, priority } = original
  const slot = slotFor(definition, inputText, codec)
  return { id, workflow, version: definition.version, inputText, priority, ...slot, tasks, retryOf: original.id }
}

/** Returns the ids of the tasks that a retry runs again. */
export function tasksToRun({ tasks }: NewExecution): readonly string[] {
  return tasks.flatMap(({ taskId, kept }) => (kept === undefined ? taskId : []))
}

/** Returns a task and all tasks that depend on it, directly or not. */
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
  const message =
    `Nothing to retry: execution "${executionId}" has completed. To run the execution again, set ` +
    `"from" to its first task, or set "all".`
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
