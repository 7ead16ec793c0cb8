/**
 * Executions (one run of a workflow), their task runs and attempts, as values.
 * Statuses have the spelling that the Python API prints.
 */

import type { NumberedRequest } from './action.ts'
import type { ContextText } from './context.ts'
import type { PythonFault } from './fault.ts'

/** Status of an execution. `Completed`, `Failed` and `Cancelled` are final. */
export type ExecutionStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Cancelled' | 'Paused'
/** Status of a task. `Completed`, `Failed`, `Skipped` and `Cancelled` are final. */
export type TaskStatus = 'NotStarted' | 'Ready' | 'Running' | 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'

/** True for the states that a task run never leaves. */
export function isFinal(status: TaskStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Skipped' || status === 'Cancelled'
}

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly kind: 'completed'; readonly contextText: ContextText }
  /** The body, its graph or a post-invocation raised, or returned something that is not a context. */
  | {
      readonly kind: 'failed'
      readonly error: PythonFault
      /** True: no retry policy applies, since the attempt was to end the process. */
      readonly isFinal?: true
    }
  /** The deadline passed; the body was stopped. */
  | { readonly kind: 'timedOut'; readonly error: PythonFault }
  /** The interpreter died under it; not the task's fault as far as one knows. */
  | { readonly kind: 'lost'; readonly error: PythonFault }
  /** It was stopped because its execution is cancelled. `lostScripts`: its interpreter had to be ended for that, with the state of these. */
  | { readonly kind: 'cancelled'; readonly error: PythonFault; readonly lostScripts: readonly string[] }

/** Attempt that has ended. Times are in milliseconds since 1970. */
export interface AttemptRow {
  readonly taskId: string
  /** Number of the attempt, starting with 1. */
  readonly attempt: number
  readonly outcome: AttemptOutcome['kind']
  /** Time when the attempt became ready to run and began to wait for a slot. Null if the time was not recorded. */
  readonly queuedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number
  readonly error: PythonFault | null
}

/** Task of an execution. Times are in milliseconds since 1970. */
export interface TaskRun {
  readonly taskId: string
  readonly fullName: string
  readonly status: TaskStatus
  /** Number of attempts that have started. */
  readonly attempts: number
  /** Number of times that the task was reset because the process that ran it had died. */
  readonly recoveries: number
  /** Earliest time of the next attempt. Null if it can start immediately. */
  readonly notBeforeAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /**
   * Position in the order in which the tasks of the execution ended, starting with 1. Null until the task has ended.
   */
  readonly finishedOrder: number | null
  /** Context that the task returned, as exact JSON text. Null until it has completed. */
  readonly outputText: ContextText | null
  readonly error: PythonFault | null
}

/** Call, trigger, cron schedule or reactor that started an execution. */
export type ExecutionOrigin =
  | { readonly kind: 'call' }
  | { readonly kind: 'trigger'; readonly trigger: string; readonly firingId: string }
  /** `trigger`: name of the cron trigger, or null for a schedule that no trigger declares. */
  | { readonly kind: 'cron'; readonly scheduleId: string; readonly trigger: string | null; readonly firingId: string }
  | { readonly kind: 'reactor'; readonly reactor: string; readonly firingId: string }

/** Reason why an execution is waiting: no running engine has loaded its workflow. */
export interface ExecutionWait {
  readonly kind: 'engine'
  readonly workflow: string
}

/** Execution with its contexts and tasks. Times are in milliseconds since 1970. */
export interface Execution {
  readonly id: string
  readonly workflow: string
  /** Version of the workflow's definition. */
  readonly version: string
  readonly status: ExecutionStatus
  readonly origin: ExecutionOrigin
  /** Initial context as exact JSON text. */
  readonly inputText: ContextText
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Final context as exact JSON text. Null until the execution has ended. */
  readonly finalText: ContextText | null
  /**
   * Message that starts with the number of failed tasks or with `cancelled`. Null unless the execution failed or was
   * cancelled.
   */
  readonly errorMessage: string | null
  /** Id of the execution that this one retries, or null. */
  readonly retryOf: string | null
  /** Time of the pause, or null if the execution is not paused. */
  readonly pausedAt: number | null
  /** Time when the cancellation of the execution was requested, or null. */
  readonly cancelRequestedAt: number | null
  readonly tasks: readonly TaskRun[]
}

/** An execution that an engine has acquired. */
export interface AcquiredExecution extends Execution {
  /** Counts the acquisitions of the execution: only under the newest number something is written for it. */
  readonly ownerNumber: number
  /** A cancel that was requested and is not carried out yet. */
  readonly cancel: NumberedRequest | null
}

/** Execution without its contexts and tasks, as lists contain it. */
export type ExecutionSummary = Omit<Execution, 'inputText' | 'finalText' | 'tasks'>
