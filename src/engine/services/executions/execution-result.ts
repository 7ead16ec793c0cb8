/** Executions as the Node API returns them. Pure. */

import { type ContextText, type JsonObject, parseContext } from '../../../model/context.ts'
import type { Execution, ExecutionOrigin, ExecutionStatus, TaskStatus } from '../../../model/execution.ts'
import type { ExecutionWait } from '../../../model/waits.ts'

/** Result of a task. Times are in milliseconds since 1970. */
export interface TaskResult {
  readonly id: string
  readonly status: TaskStatus
  readonly attempts: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Earliest start of the next attempt, such as the end of the delay of `TryLater`. Null without a delay. */
  readonly notBeforeAt: number | null
  /** Message of the failure, or reason of the skip. Null for other tasks. */
  readonly error: string | null
  /** Traceback of the failure. Empty if there is none. */
  readonly traceback: string
}

/** State or result of an execution. Times are in milliseconds since 1970. */
export interface ExecutionResult {
  readonly id: string
  readonly workflow: string
  readonly status: ExecutionStatus
  readonly origin: ExecutionOrigin
  /** Final context, or the initial one while it is running. Only `contextText` keeps large integers and `1.0` exact. */
  readonly context: JsonObject
  /** Context as exact JSON text. */
  readonly contextText: ContextText
  readonly errorMessage: string | null
  /** First failed task and its error: `TASK: TYPE: MESSAGE (1 of 3 tasks failed)`. Null unless `Failed`. */
  readonly cause: string | null
  /** Id of the execution that this one retries, or null. */
  readonly retryOf: string | null
  /** From -100 to 100. Executions with a higher priority begin first. */
  readonly priority: number
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Time of the pause, or null if the execution is not paused. */
  readonly pausedAt: number | null
  /** Time when its cancellation was requested, or null. */
  readonly cancelRequestedAt: number | null
  /** Reason why no engine runs the execution, from 5 s after its creation. Null if an engine does. */
  readonly waitingFor: ExecutionWait | null
  readonly tasks: readonly TaskResult[]
}

export function executionResult(execution: Execution, waitingFor: ExecutionWait | null = null): ExecutionResult {
  const contextText = execution.finalText ?? execution.inputText
  let context: JsonObject | null = null
  return {
    id: execution.id,
    workflow: execution.workflow,
    status: execution.status,
    origin: execution.origin,
    // Parsed when it is asked for: many callers want the status only, and a context may be megabytes.
    get context() {
      context ??= parseContext(contextText)
      return context
    },
    contextText,
    errorMessage: execution.errorMessage,
    cause: execution.cause,
    retryOf: execution.retryOf,
    priority: execution.priority,
    createdAt: execution.createdAt,
    startedAt: execution.startedAt,
    endedAt: execution.endedAt,
    pausedAt: execution.pausedAt,
    cancelRequestedAt: execution.cancelRequestedAt,
    waitingFor,
    tasks: execution.tasks.map((task) => ({
      id: task.taskId,
      status: task.status,
      attempts: task.attempts,
      startedAt: task.startedAt,
      endedAt: task.endedAt,
      notBeforeAt: task.notBeforeAt,
      error: task.error?.message ?? null,
      traceback: task.error?.traceback ?? '',
    })),
  }
}
