/** What the Node API returns about executions. Pure. */

import type { Frozen } from '../authoring/types/json.ts'
import type { OutputOf } from '../authoring/types/workflow.ts'
import { type ContextText, contextValueOf, type JsonObject } from '../model/context.ts'
import type { Execution, ExecutionOrigin, ExecutionStatus, ExecutionWait, TaskStatus } from '../model/execution.ts'

export interface TaskResult {
  readonly id: string
  readonly status: TaskStatus
  readonly attempts: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Python's message, or null when it did not fail. */
  readonly error: string | null
  /** Python's traceback, or ''. */
  readonly traceback: string
}

export interface ExecutionResult {
  readonly id: string
  readonly workflow: string
  readonly status: ExecutionStatus
  readonly origin: ExecutionOrigin
  /** The final context when it ended, else the one that it was started with. Large integers and `1.0` are exact in `contextText` only. */
  readonly context: JsonObject
  readonly contextText: ContextText
  readonly errorMessage: string | null
  /** The execution that it tries again, or null. */
  readonly retryOf: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Since when no further task starts; null: it is not paused. */
  readonly pausedAt: number | null
  /** When its end was asked for before that came; null: it was not. */
  readonly cancelRequestedAt: number | null
  /** Reason why no engine runs the execution, from 5 s after its creation on; otherwise null. */
  readonly waitingFor: ExecutionWait | null
  readonly tasks: readonly TaskResult[]
}

/** The result of a workflow that TypeScript declared: when all went well, its context has the type that its last task leaves. */
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
