/** The task that the screen of an execution shows, and the limits of attempts. Pure. */

import type { Execution, Task, Workflow } from '../api/answer-types.ts'

/** Returns the selected task. Of a failed execution, it is the first failed task, until the visitor closes it. */
export function shownTask(execution: Execution, query: URLSearchParams): Task | null {
  const name = query.get('task')
  if (name !== null) return execution.tasks.find(({ id }) => id === name) ?? null
  return execution.status !== 'Failed' || query.get('panel') === 'no' ? null : firstFailed(execution)
}

/** The cause begins with the id of the first failed task. Without a cause, ends of attempts decide. */
function firstFailed({ tasks, cause }: Execution): Task | null {
  const failed = tasks.filter(({ status }) => status === 'Failed')
  const named = failed.filter(({ id }) => cause?.startsWith(`${id}: `))
  const [first] = (named.length > 0 ? named : failed).toSorted((one, other) => endOf(one) - endOf(other))
  return first ?? null
}

function endOf({ endedAt }: Task): number {
  return endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(endedAt)
}

/** Returns the maximum number of attempts by task. Nodes and tasks that the code no longer has are left out. */
export function attemptLimits(workflow: Workflow | null): ReadonlyMap<string, number> {
  const tasks = workflow?.tasks.filter(({ wait }) => wait === undefined) ?? []
  return new Map(
    tasks.map(({ id, retry }) => [id, retry.condition.kind === 'never' ? 1 : Math.max(1, retry.maxAttempts)]),
  )
}

/** Returns `2 of 3`; only the number if the limit is unknown, or if the code has changed so that it is lower. */
export function attemptText(attempt: number, limit: number | undefined): string {
  return limit === undefined || limit < attempt ? String(attempt) : `${attempt} of ${limit}`
}

/** Returns the reason of a skip without the part that names the task; null for a task that was not skipped. */
export function skipReason({ status, error }: Task): string | null {
  return status === 'Skipped' ? (error?.replace(/^(?:Task|Node) ".*?" was skipped, because /, '') ?? null) : null
}
