/** What goes into the `Store` port and comes out of it about executions, actions and logs. `ports.ts` says what holds for all of it. */

import type { ActionAnswer, ActionRow, NewAction } from '../model/action.ts'
import type { ContextText } from '../model/context.ts'
import type { AttemptRow, TaskRun } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { LogPiece } from '../model/log.ts'

/** A new execution, complete before it is stored. */
export interface NewExecution {
  readonly id: string
  readonly workflow: string
  readonly version: string
  readonly inputText: ContextText
  readonly tasks: readonly NewTask[]
  /** The execution that it tries again. */
  readonly retryOf?: string
}

export interface NewTask {
  readonly taskId: string
  readonly fullName: string
  /** What it came to in the execution that is tried again: it is not run. */
  readonly kept?: TaskRun
}

/** How one attempt changes its execution; one atomic step. */
export interface Settlement {
  readonly executionId: string
  readonly changes: readonly TaskChange[]
  /** Attempts that have ended. */
  readonly attempts?: readonly AttemptRow[]
  /** Its end is asked for: whoever takes it over goes on with that. */
  readonly cancelRequestedAt?: number
  /** Set when these changes end the execution. */
  readonly end: ExecutionEnd | null
}

/** The new state of one task run. Every field is written. */
export interface TaskChange {
  readonly taskId: string
  readonly status: 'Ready' | 'Running' | 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'
  readonly attempts: number
  readonly recoveries: number
  readonly notBeforeAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly finishedOrder: number | null
  readonly outputText: ContextText | null
  readonly error: PythonFault | null
}

export interface ExecutionEnd {
  readonly status: 'Completed' | 'Failed' | 'Cancelled'
  readonly endedAt: number
  readonly finalText: ContextText
  readonly errorMessage: string | null
}

export interface Acquisition {
  readonly instanceId: string
  /** Only executions of these workflows are taken. */
  readonly workflows: readonly string[]
  readonly at: number
  readonly limit: number
  /** Take over what dead instances owned. */
  readonly recover: boolean
  /** Only these are taken, and none of a dead instance. Default: all. */
  readonly executionIds?: readonly string[]
}

/** What people did, and what they ask of whoever serves. Removed with what has the retention of executions. */
export interface ActionStore {
  /** Stores what is to be done by another process, or in another step: it is unanswered. */
  ask(action: NewAction): Promise<void>
  /** Stores what was done already, with its answer. */
  record(action: NewAction, answer: ActionAnswer): Promise<void>
  /** Those that nobody has answered, oldest first. */
  unanswered(limit: number): Promise<readonly ActionRow[]>
  /** The first answer counts: false when there was one before, or there is no such action. */
  answer(id: string, answer: ActionAnswer, at: number): Promise<boolean>
  get(id: string): Promise<ActionRow | null>
  /** Newest first, on one target, or on all where it is null. */
  list(target: string | null, page: { readonly limit: number; readonly offset: number }): Promise<readonly ActionRow[]>
}

export interface AttemptRef {
  readonly executionId: string
  readonly taskId: string
  readonly attempt: number
}

export interface LogQuery {
  readonly executionId: string
  readonly taskId?: string
  /** Of the task that is named. */
  readonly attempt?: number
  /** Only what comes behind this piece. */
  readonly afterPiece?: number
  /** Of pieces, of which none is larger than what an attempt may log in all. */
  readonly limit: number
}

/** Some of the log of one attempt, as it is stored. */
export interface StoredLogPiece extends LogPiece {
  /** Grows within an execution. */
  readonly piece: number
  readonly taskId: string
  readonly attempt: number
}

/** What attempts printed and logged. Removed with their executions. */
export interface LogStore {
  /**
   * Adds to the log of an attempt, which keeps the first quarter and the last three quarters of `limitBytes`. Returns at
   * once; it is written within a second, with the step that ends the task, or at `close`, whichever is first. This
   * store's reads show it at once. Dropped when the execution is gone, and after `close`.
   */
  append(attempt: AttemptRef, piece: LogPiece, limitBytes: number): void
  /** In the order of writing, in which the pieces of one attempt are in their own. [] for an unknown execution. */
  list(query: LogQuery): Promise<readonly StoredLogPiece[]>
}
