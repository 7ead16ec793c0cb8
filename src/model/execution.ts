/** Executions (one run of a workflow), their task runs and attempts, as values. Statuses are spelled as in Python. */

import type { NumberedRequest } from './action.ts'
import type { ContextText } from './context.ts'
import type { PythonFault } from './fault.ts'
import type { StoredWait } from './waits.ts'

/** Status of an execution. `Completed`, `Failed` and `Cancelled` are final. */
export type ExecutionStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Cancelled' | 'Paused'
/** Status of a task or node. `Completed`, `Failed`, `Skipped` and `Cancelled` are final. */
export type TaskStatus =
  | 'NotStarted'
  | 'Ready'
  | 'Running'
  | 'Waiting'
  | 'Completed'
  | 'Failed'
  | 'Skipped'
  | 'Cancelled'

export function isFinal(status: TaskStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Skipped' || status === 'Cancelled'
}

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly kind: 'completed'; readonly contextText: ContextText }
  /** The body, its graph or a post-invocation raised, or returned a value that is not a context. */
  | {
      readonly kind: 'failed'
      readonly error: PythonFault
      /** No retry policy applies, since the attempt was to end the process. */
      readonly isFinal?: true
    }
  /** The deadline passed; the body was stopped. */
  | { readonly kind: 'timedOut'; readonly error: PythonFault }
  /** The interpreter died during the attempt, as far as is known not because of the task. */
  | { readonly kind: 'lost'; readonly error: PythonFault }
  /** Stopped by a cancel. `lostScripts`: scripts that lost their state because their interpreter had to be ended. */
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
  /** Number of attempts that ended with `TryLater`, which are not in `attempts`. Default: 0. */
  readonly triesLater?: number
  /** Earliest time of the next attempt. Null if it can start immediately. */
  readonly notBeforeAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Position in the order in which the tasks of the execution ended, starting with 1. Null before its end. */
  readonly finishedOrder: number | null
  /** Context that the task returned, as exact JSON text. Null until it has completed. */
  readonly outputText: ContextText | null
  readonly error: PythonFault | null
}

/** Call, trigger, cron schedule, reactor, backfill, refire or task that started an execution. */
export type ExecutionOrigin =
  | { readonly kind: 'call' }
  | { readonly kind: 'trigger'; readonly trigger: string; readonly firingId: string }
  /** `trigger`: name of the cron trigger, or null for a schedule that no trigger declares. */
  | { readonly kind: 'cron'; readonly scheduleId: string; readonly trigger: string | null; readonly firingId: string }
  | { readonly kind: 'reactor'; readonly reactor: string; readonly firingId: string }
  /** `schedule`: id of the schedule. `trigger`: name of its cron trigger, or null. */
  | {
      readonly kind: 'backfill'
      readonly schedule: string
      readonly trigger: string | null
      readonly backfillId: string
    }
  /** `parent`: id of the execution whose task started it. */
  | { readonly kind: 'child'; readonly parent: string; readonly task: string }
  /** `firingId`: firing that is started again. */
  | { readonly kind: 'refire'; readonly trigger: string; readonly firingId: string; readonly refireId: string }

/** Execution with its contexts and tasks. Times are in milliseconds since 1970. */
export interface Execution {
  readonly id: string
  readonly workflow: string
  /** Version of the workflow's definition. */
  readonly version: string
  readonly status: ExecutionStatus
  readonly origin: ExecutionOrigin
  /** From -100 to 100. Executions with a higher priority begin first. */
  readonly priority: number
  /** Initial context as exact JSON text. */
  readonly inputText: ContextText
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Final context as exact JSON text. Null until the execution has ended. */
  readonly finalText: ContextText | null
  /** Message that starts with the number of failed tasks or with `cancelled`. Null without failure or cancellation. */
  readonly errorMessage: string | null
  /** First failed task and its error: `TASK: TYPE: MESSAGE (1 of 3 tasks failed)`. Null unless `Failed`. */
  readonly cause: string | null
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
  /** Number of the acquisition. Writes for the execution are accepted only under the newest number. */
  readonly ownerNumber: number
  /** Cancel that was requested and is not carried out yet. */
  readonly cancel: NumberedRequest | null
  /** Id of the first execution of its chain: its own id, unless it retries another one. */
  readonly chainId: string
  /** Stored waits of its nodes, open or ended. */
  readonly waits: readonly StoredWait[]
}

/** Execution without its contexts and tasks, as lists contain it. */
export type ExecutionSummary = Omit<Execution, 'inputText' | 'finalText' | 'tasks'>
