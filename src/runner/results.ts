/** What the Node API returns about executions. Pure. */

import type { Frozen } from '../authoring/types/json.ts'
import type { OutputOf } from '../authoring/types/workflow.ts'
import { type ContextText, contextValueOf, type JsonObject } from '../model/context.ts'
import type { Execution, ExecutionOrigin, ExecutionStatus, ExecutionWait, TaskStatus } from '../model/execution.ts'

/** Result of a task. Times are in milliseconds since 1970. */
export interface TaskResult {
  readonly id: string
  readonly status: TaskStatus
  readonly attempts: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Message of the failure. Null if the task did not fail. */
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
  /**
   * Final context, or the initial one while the execution is running. Large integers and `1.0` are exact in
   * `contextText` only.
   */
  readonly context: JsonObject
  /** Context as exact JSON text. */
  readonly contextText: ContextText
  readonly errorMessage: string | null
  /** Id of the execution that this one retries, or null. */
  readonly retryOf: string | null
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

/** Result of a TypeScript workflow. If it completed, `context` has the type of the workflow's output. */
export type WorkflowResult<Flow> = Omit<ExecutionResult, 'status' | 'context'> &
  (
    | { readonly status: 'Completed'; readonly context: Frozen<OutputOf<Flow>> }
    | { readonly status: Exclude<ExecutionStatus, 'Completed'>; readonly context: JsonObject }
  )

/** What `execute` returns, for a workflow or for the name of one. */
export type ResultOf<Flow> = Flow extends string ? ExecutionResult : WorkflowResult<Flow>

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
      context ??= contextValueOf(contextText)
      return context
    },
    contextText,
    errorMessage: execution.errorMessage,
    retryOf: execution.retryOf,
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
      error: task.error?.message ?? null,
      traceback: task.error?.traceback ?? '',
    })),
  }
}
