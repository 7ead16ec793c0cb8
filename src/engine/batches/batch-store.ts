/** The part of the store for backfills and refires. See `store.ts`. */

import type { NewAction } from '../../model/action.ts'
import type { ExecutionOrigin, ExecutionStatus } from '../../model/execution.ts'
import type { Backfill, Batch, BatchCursor, BatchStatus, Refire } from '../../model/schedule-rows.ts'
import type { NewExecution } from '../starts/new-executions.ts'
import type { PageAfter } from '../store-ports.ts'

type Progress = 'status' | 'started' | 'leftOut' | 'active' | 'endedAt'

export type NewBatch = Omit<Backfill, Progress> | Omit<Refire, Progress>

/** Filter for batches. All given conditions must apply. */
export interface BatchFilter {
  readonly kind: Batch['kind']
  readonly scheduleId?: string
  readonly trigger?: string
}

/** Execution of a batch. */
export interface BatchStart {
  readonly execution: NewExecution
  readonly origin: ExecutionOrigin
  /** Time of the schedule. Null for a refire. */
  readonly scheduledAt: number | null
}

/** Moves the cursor of a batch, and starts executions. */
export interface BatchAdvance {
  readonly batchId: string
  /** Cursor that was read. */
  readonly seen: BatchCursor
  readonly cursor: BatchCursor
  readonly starts: readonly BatchStart[]
  readonly leftOut: number
  readonly at: number
}

/** Times of a schedule that were fired, in their order. */
export interface FiredTimes {
  /** Only times from this one on are known, because earlier ones were removed. Null: all are known. */
  readonly knownFromAt: number | null
  readonly times: readonly number[]
}

/** Firing of a polled trigger. `execution`: null if it was pruned, or never started. */
export interface StoredFiring {
  readonly id: string
  readonly cursor: BatchCursor
  readonly execution: { readonly id: string; readonly workflow: string; readonly status: ExecutionStatus } | null
}

export interface BatchStore {
  /** Returns false, and stores nothing, if the schedule or the polled trigger does not exist. */
  create(batch: NewBatch, action: NewAction): Promise<boolean>
  /** Returns batches whose id has this prefix. */
  find(kind: Batch['kind'], idPrefix: string, limit: number): Promise<readonly Batch[]>
  /** Newest first. */
  list(filter: BatchFilter, page: PageAfter): Promise<readonly Batch[]>
  /** Returns all running batches, the oldest first. */
  running(): Promise<readonly Batch[]>
  /** Returns false if the batch does not exist or is in none of the statuses. */
  setStatus(id: string, from: readonly BatchStatus[], to: BatchStatus, at: number, action?: NewAction): Promise<boolean>
  /**
   * Returns the ids of the started executions. A time of a schedule that has another firing by then is left out
   * unless the batch starts times again. Returns null, and stores nothing, if the batch is not running, if its cursor
   * is not the one that was read, or if more than its maximum of executions would be active.
   */
  advance(advance: BatchAdvance): Promise<readonly string[] | null>
  /** Completes a running batch whose cursor is this one, if none of its executions is active. */
  complete(id: string, cursor: BatchCursor, at: number): Promise<boolean>
  /** Returns the ids of the executions of a batch that have not ended. */
  activeExecutions(id: string): Promise<readonly string[]>
  /** Returns the first fired times in [fromAt, untilAt). */
  firedTimes(scheduleId: string, fromAt: number, untilAt: number, limit: number): Promise<FiredTimes>
  /** Returns the first firings of a polled trigger after a place and before a time, the oldest first. */
  firingsAfter(trigger: string, after: BatchCursor, untilAt: number, limit: number): Promise<readonly StoredFiring[]>
}
