/**
 * Executions (one run of a workflow), their task runs and attempts, as values.
 * Statuses have the spelling that the Python API prints.
 */

import type { NumberedRequest } from './action.ts'
import type { ContextText } from './context.ts'
import type { PythonFault } from './fault.ts'

export type ExecutionStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Cancelled' | 'Paused'
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

/** An attempt that has ended. */
export interface AttemptRow {
  readonly taskId: string
  /** 1 for the first. */
  readonly attempt: number
  readonly outcome: AttemptOutcome['kind']
  /** When it was ready to run, and waited for a slot; null where that is not known any more. */
  readonly queuedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number
  readonly error: PythonFault | null
}

export interface TaskRun {
  readonly taskId: string
  readonly fullName: string
  readonly status: TaskStatus
  /** Attempts begun so far. */
  readonly attempts: number
  /** Times that it was found running in a dead process and taken back. */
  readonly recoveries: number
  /** Not before this instant may the next attempt begin; null: at once. */
  readonly notBeforeAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Order of completion within the execution, 1 for the first; null until final. Ties cannot exist. */
  readonly finishedOrder: number | null
  readonly outputText: ContextText | null
  readonly error: PythonFault | null
}

/** What started an execution. */
export type ExecutionOrigin =
  | { readonly kind: 'call' }
  | { readonly kind: 'trigger'; readonly trigger: string; readonly firingId: string }
  /** `trigger`: name of the cron trigger; null for a schedule that no trigger declares. */
  | { readonly kind: 'cron'; readonly scheduleId: string; readonly trigger: string | null; readonly firingId: string }
  | { readonly kind: 'reactor'; readonly reactor: string; readonly firingId: string }

/** Reason why no engine runs an execution: it waits for one that has its workflow. */
export interface ExecutionWait {
  readonly kind: 'engine'
  readonly workflow: string
}

/** An execution with everything that is needed to go on with it. */
export interface Execution {
  readonly id: string
  readonly workflow: string
  readonly version: string
  readonly status: ExecutionStatus
  readonly origin: ExecutionOrigin
  readonly inputText: ContextText
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Set when it ended. */
  readonly finalText: ContextText | null
  /** `<f> task(s) failed, …` when it failed, `cancelled…` when it was cancelled, else null. */
  readonly errorMessage: string | null
  /** The execution that it tries again, or null. */
  readonly retryOf: string | null
  /** Since when no further task starts; null: it is not paused. */
  readonly pausedAt: number | null
  /** When its end was asked for before that came; null: it was not. */
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

/** A row of a list: an execution without its contexts and tasks. */
export type ExecutionSummary = Omit<Execution, 'inputText' | 'finalText' | 'tasks'>
