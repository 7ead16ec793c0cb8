/** The parts of the `Store` port about what happened, beside what is. `ports.ts` says what holds for all of it. */

import type { ActionAnswer, ActionRow, NewAction } from '../model/action.ts'
import type { LogPiece } from '../model/log.ts'

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
